-- reduced_hits: one row per event and detection, of events that are reported now; a count is reported with the events
-- around them that fall into the same window.
-- reads: found, reported, reach, supersedes   params: $start, $end
with marked as (
    select
        f.*,
        ($start is null or f.event_time >= $start) and ($end is null or f.event_time < $end)
            and r.event_id is not null as now,
        c.seconds
    from (select * from found qualify row_number() over (partition by detection, event_id order by event_time) = 1) f
    left join (select distinct event_id from reported) r using (event_id)
    left join reach c on c.detection = f.detection
),

near as (
    select
        *,
        bool_or(now) over (
            partition by detection, group_key order by event_time
            range between to_seconds(seconds) preceding and to_seconds(seconds) following) as kept
    from marked
    where seconds is not null
),

kept as (
    select * from marked where seconds is null and now
    union all by name
    select * exclude (kept) from near where kept
)

select k.detection, k.event_id, k.event_time, k.account, k.principal, k.person, k.credential, k.group_key, k.evidence
from kept k
anti join (select s.worse as detection, o.event_id from kept o join supersedes s on s.better = o.detection) better
    on better.detection = k.detection and better.event_id = k.event_id
order by k.event_time, k.event_id, k.detection
