-- Grain: day × principal × person × what, where and with what, folded over the hours. What AWS services did on their
-- own has no profile.
-- reads: activity, action_weights
-- params: $start, $day
select
    a.dt,
    a.principal,
    a.person,
    -- Where and when belong to the person behind the principal, what belongs to both.
    case when a.person <> '' then a.person else a.principal end as who,
    replace(a.event_source, '.amazonaws.com', '') || ':' || a.event_name as action,
    coalesce(w.weight, case when a.read_only then 0.2 else 0.5 end) as weight,
    not coalesce(a.read_only, false) as writes,
    a.region,
    a.address,
    a.client,
    a.role,
    a.long_term_key,
    a.origin in ('direct', 'console') as interactive,
    a.outcome = 'denied' as denied,
    sum(a.events)::bigint as events,
    bit_or(1::integer << a.hour::integer) as hours
from activity as a
left join action_weights as w on w.event_source = a.event_source and w.event_name = a.event_name
where
    a.origin <> 'service' and a.principal not like 'service/%' and a.dt between $start and $day
    -- A failed sign-in is the act of whoever typed the name: it must neither wake an identity nor teach its networks.
    and not (a.event_source = 'signin.amazonaws.com' and a.outcome <> 'ok')
group by all
