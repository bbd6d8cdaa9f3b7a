-- Grain: month × account × principal × person × dimension × value, with the days of the month on which it was seen.
-- reads: activity
-- Dimensions: account (every identity has one on each day it was active: its presence), id, service, action, region,
-- role, key; and address, client, for calls that somebody made directly or in the console.
with used as (
    select
        date_trunc('month', dt)::date as month,
        dt, account, principal, principal_id, person, long_term_key, origin, event_source, region, address, client,
        role, events, first_time, last_time,
        replace(event_source, '.amazonaws.com', '') || ':' || event_name as action
    from activity
    -- A failed sign-in is the act of whoever typed the name: it must neither wake an identity nor teach its networks.
    where origin <> 'service' and not (event_source = 'signin.amazonaws.com' and outcome <> 'ok')
),

known as (
    select *, 'account' as dimension, account as value from used
    union all by name
    select *, 'id' as dimension, principal_id as value from used where principal_id <> ''
    union all by name
    select *, 'service' as dimension, event_source as value from used
    union all by name
    select *, 'action' as dimension, action as value from used
    union all by name
    select *, 'region' as dimension, region as value from used where region <> ''
    union all by name
    select *, 'role' as dimension, role as value from used where role <> ''
    union all by name
    select *, 'key' as dimension, long_term_key as value from used where long_term_key <> ''
    union all by name
    select *, 'address' as dimension, address as value from used
    where address <> '' and origin in ('direct', 'console')
    union all by name
    select *, 'client' as dimension, client as value from used
    where client <> '' and origin in ('direct', 'console')
)

select
    month, account, principal, person, dimension, value,
    min(first_time) as first_time,
    max(last_time) as last_time,
    count(distinct dt) as days,
    sum(events)::bigint as events,
    list_sort(list(distinct extract('day' from dt)::tinyint)) as days_seen
from known
group by month, account, principal, person, dimension, value
