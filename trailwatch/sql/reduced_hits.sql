-- reduced_hits: one row per event and detection, of events that are reported now; a count is reported with the events
-- before them that fall into the same window.
-- reads: found, reported, reach, supersedes   params: $start, $end
with marked as (
    select
        f.*,
        exists (select 1 from reported r where r.event_id = f.event_id)
            and ($start is null or f.event_time >= $start) and ($end is null or f.event_time < $end) as now
    from found f
    qualify row_number() over (partition by f.detection, f.event_id order by f.event_time) = 1
),

kept as (
    select m.*
    from marked m left join reach c on c.detection = m.detection
    where m.now or exists (
        select 1 from marked other
        where other.now and other.detection = m.detection and other.group_key = m.group_key
            and abs(epoch(other.event_time) - epoch(m.event_time)) <= coalesce(c.seconds, -1))
)

select k.detection, k.event_id, k.event_time, k.account, k.principal, k.person, k.credential, k.group_key, k.evidence
from kept k
where not exists (
    select 1 from kept other join supersedes s on s.better = other.detection
    where s.worse = k.detection and other.event_id = k.event_id)
order by k.event_time, k.event_id, k.detection
