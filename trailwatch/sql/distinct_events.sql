-- Grain: one row per event of the days shown; of a record that came several times, one row that does not depend on
-- the order of arrival. It keeps the first time of ingest: what a digest has scanned does not become new again.
-- reads: raw_events
with doubled as (
    select dt, shard, event_id
    from raw_events
    where event_id is not null
    group by all
    having count(*) > 1
),

chosen as (
    select
        copy.* replace (
            min(copy.ingested_at) over (partition by copy.dt, copy.shard, copy.event_id) as ingested_at
        )
    from raw_events as copy
    semi join doubled using (dt, shard, event_id)
    qualify row_number() over (
        partition by copy.dt, copy.shard, copy.event_id
        -- A corrected record (addendum) stands before the one that it corrects.
        order by
            copy.addendum is null, copy.object_id,
            md5(concat_ws(chr(31), copy.request, copy.response, copy.additional, copy.resources, copy.source_ip,
                copy.user_agent, copy.error_code, copy.error_message))
    ) = 1
)

select copy.* from raw_events as copy anti join doubled using (dt, shard, event_id)
union all by name
select * from chosen
order by dt, shard, event_time, event_id
