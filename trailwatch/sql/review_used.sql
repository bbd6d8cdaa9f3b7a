-- grain: principal × event name: how often it went through in the window, and when it was called last of all
-- reads: activity, seen   params: $since, $until
with recent as (
    select
        principal, replace(event_source, '.amazonaws.com', '') || ':' || event_name as action, sum(events)::bigint as calls
    from activity
    where dt >= $since and dt < $until and outcome <> 'denied' and principal not like 'service/%'
    group by all
),

ever as (
    select principal, value as action, max(last_time) as last_time
    from seen
    where dimension = 'action' and principal not like 'service/%'
    group by all
)

select
    coalesce(r.principal, e.principal) as principal, coalesce(r.action, e.action) as action,
    coalesce(r.calls, 0) as calls, e.last_time
from ever as e
full join recent as r using (principal, action)
