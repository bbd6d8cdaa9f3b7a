-- Grain: day × principal × person: how much was done on each active day before $day.
-- reads: activity_window   params: $day
select
    dt,
    principal,
    person,
    sum(events)::bigint as events,
    coalesce(sum(events) filter (where not read_only), 0)::bigint as writes,
    coalesce(sum(events) filter (where outcome = 'denied'), 0)::bigint as denied,
    count(distinct event_source || ':' || event_name) as actions,
    count(distinct address) filter (where origin in ('direct', 'console') and address <> '') as addresses
from activity_window
where dt < $day::date and origin <> 'service'
group by all
