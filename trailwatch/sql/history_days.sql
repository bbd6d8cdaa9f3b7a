-- Grain: UTC day on which something was used.
-- reads: did
select
    dt as day,
    sum(events)::bigint as events,
    coalesce(sum(events) filter (where outcome = 'denied'), 0)::bigint as denied,
    coalesce(sum(events) filter (where not coalesce(read_only, false)), 0)::bigint as writes,
    count(distinct event_source || event_name) as actions,
    bit_or(1::integer << hour::integer) as hours,
    list(distinct address order by address) filter (where origin in ('direct', 'console') and address <> '') as networks,
    min(first_time) as first_time,
    max(last_time) as last_time
from did
group by dt
order by dt
