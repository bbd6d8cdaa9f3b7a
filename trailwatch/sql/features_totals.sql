-- Grain: day × principal × person: the sums of a day, and its UTC hours as bits. What AWS services did on their own has
-- no profile; where and when count only for what somebody did directly or in the console.
-- reads: used_days
-- params: $start, $day
select
    dt,
    principal,
    person,
    sum(events)::bigint as events,
    sum(writes)::bigint as writes,
    sum(denied)::bigint as denied,
    coalesce(sum(events) filter (where origin in ('direct', 'console')), 0)::bigint as own_events,
    coalesce(bit_or(hours) filter (where origin in ('direct', 'console')), 0) as hours
from used_days
where
    origin <> 'service' and principal not like 'service/%' and dt between $start and $day
    -- A failed sign-in is the act of whoever typed the name: it must neither wake an identity nor teach its networks.
    and not failed_sign_in
group by dt, principal, person
