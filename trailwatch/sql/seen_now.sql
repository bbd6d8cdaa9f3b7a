-- Grain: as seen; what a former user or role of the same name was seen with stands under its unique id.
-- reads: seen_files, formers
with pieces as (
    select principal, '#' || principal_id as label, since, until
    from formers
    union all
    select principal, '', max(until), null
    from formers
    group by principal
),

divided as (
    select
        s.* replace (
            s.principal || p.label as principal,
            -- What came before the first known id belongs to it; on the day of a change all belongs to the new one.
            list_filter(s.days_seen, lambda d:
                (s.month + (d::integer - 1) >= p.since::date or p.since = first_since)
                and (p.until is null or s.month + (d::integer - 1) < p.until::date)
            ) as days_seen,
            if(p.since = first_since, s.first_time, greatest(s.first_time, p.since)) as first_time,
            if(p.until is null, s.last_time, least(s.last_time, p.until)) as last_time
        ),
        len(s.days_seen) as all_days
    from seen_files as s
    inner join (select *, min(since) over (partition by principal) as first_since from pieces) as p
        on p.principal = s.principal
)

select s.* from seen_files as s anti join formers using (principal)
union all by name
select * exclude (all_days) replace (
    len(days_seen) as days,
    (events * len(days_seen) / all_days)::bigint as events
)
from divided
where len(days_seen) > 0
