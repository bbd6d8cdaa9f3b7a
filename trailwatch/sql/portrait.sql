-- Grain: dimension × value of what one identity used in the window before $day, most used first.
-- reads: activity_window   params: $kind, $value, $day
with mine as (
    select
        dt, account, principal, person, long_term_key, event_source, region, address, client, role, outcome, events,
        first_time, last_time,
        replace(event_source, '.amazonaws.com', '') || ':' || event_name as action,
        origin in ('direct', 'console') as interactive
    from activity_window
    where dt < $day::date and origin <> 'service'
        and if($kind = 'person', person = $value, principal = $value)
        and not (event_source = 'signin.amazonaws.com' and outcome <> 'ok')
),

used as (
    select *, 'account' as dimension, account as used from mine
    union all by name
    select *, 'service' as dimension, replace(event_source, '.amazonaws.com', '') as used from mine
    union all by name
    select *, 'action' as dimension, action as used from mine
    union all by name
    select *, 'denied' as dimension, action as used from mine where outcome = 'denied'
    union all by name
    select *, 'region' as dimension, region as used from mine
    union all by name
    select *, 'role' as dimension, role as used from mine
    union all by name
    select *, 'key' as dimension, long_term_key as used from mine
    union all by name
    select *, 'principal' as dimension, principal as used from mine where $kind = 'person'
    union all by name
    select *, 'person' as dimension, person as used from mine where $kind = 'principal'
    union all by name
    select *, 'address' as dimension, address as used from mine where interactive
    union all by name
    select *, 'client' as dimension, client as used from mine where interactive
)

select
    dimension,
    used as value,
    sum(events)::bigint as events,
    count(distinct dt) as days,
    min(first_time) as first_time,
    max(last_time) as last_time
from used
where used <> ''
group by dimension, used
order by dimension, days desc, events desc, used
