-- Grain: dimension × value of what was used, most used first.
-- reads: did
with told as (
    select *, replace(event_source, '.amazonaws.com', '') || ':' || event_name as action from did
),

used as (
    select *, 'account' as dimension, account as used from told
    union all by name
    select *, 'principal' as dimension, principal as used from told
    union all by name
    select *, 'person' as dimension, person as used from told
    union all by name
    select *, 'key' as dimension, long_term_key as used from told
    union all by name
    select *, 'service' as dimension, replace(event_source, '.amazonaws.com', '') as used from told
    union all by name
    select *, 'action' as dimension, action as used from told
    union all by name
    select *, 'region' as dimension, region as used from told
    union all by name
    select *, 'network' as dimension, address as used from told where origin in ('direct', 'console')
    union all by name
    select *, 'client' as dimension, client as used from told where origin in ('direct', 'console')
    union all by name
    select *, 'role' as dimension, role as used from told
)

select
    dimension,
    used as value,
    sum(events)::bigint as events,
    coalesce(sum(events) filter (where outcome = 'denied'), 0)::bigint as denied,
    coalesce(sum(events) filter (where not coalesce(read_only, false)), 0)::bigint as writes,
    count(distinct dt) as days,
    min(first_time) as first_time,
    max(last_time) as last_time
from used
where used <> ''
group by dimension, used
order by dimension, events desc, used
