-- Grain: pictured identity × day × UTC hour: calls, and those that were refused.
-- reads: pictured, activity   params: $start, $day
-- Calls of AWS's services on somebody's behalf say nothing about when that somebody was there.
with mine as (
    select p.name, a.* from pictured as p inner join activity as a on p.kind = 'person' and a.person = p.name
    union all by name
    select p.name, a.* from pictured as p inner join activity as a on p.kind = 'principal' and a.principal = p.name
)

select
    name, dt, hour,
    sum(events)::bigint as events,
    coalesce(sum(events) filter (outcome <> 'ok'), 0)::bigint as refused,
    bool_or(origin in ('direct', 'console')) as present
from mine
where origin <> 'service' and dt between $start::date and $day::date
group by all
order by all
