-- Grain: measure of how much one identity does on an active day: median, distance from it (MAD), most.
-- reads: daily   params: $kind, $value
with days as (
    -- A person of several roles has one day, not one for each role.
    select dt, sum(events) as events, sum(writes) as writes, sum(denied) as denied, sum(actions) as actions
    from daily
    where if($kind = 'person', person = $value, principal = $value)
    group by dt
),

measured as (
    unpivot days on events, writes, denied, actions into name measure value amount
)

select
    measure,
    count(*) as days,
    median(amount)::double as median,
    mad(amount)::double as mad,
    max(amount)::bigint as most
from measured
group by measure
order by list_position(['events', 'writes', 'denied', 'actions'], measure)
