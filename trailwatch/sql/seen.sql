-- Grain: month × account × principal × person × dimension × value, with the days of the month on which it was seen.
-- reads: activity
-- Dimensions: account (every identity has one on each day it was active: its presence), id, service, action, region,
-- role, key; and address, client, for calls that somebody made directly or in the console.
with used as (
    select
        date_trunc('month', dt)::date as month,
        -- A day as a bit: sets of days are put together at the price of one number.
        1::bigint << extract('day' from dt)::int as day,
        account, principal, person, events, first_time, last_time,
        principal_id as id, event_source as service,
        replace(event_source, '.amazonaws.com', '') || ':' || event_name as action,
        region, role, long_term_key as key,
        case when origin in ('direct', 'console') then address else '' end as address,
        case when origin in ('direct', 'console') then client else '' end as client
    from activity
    -- A failed sign-in is the act of whoever typed the name: it must neither wake an identity nor teach its networks.
    where origin <> 'service' and not (event_source = 'signin.amazonaws.com' and outcome <> 'ok')
),

counted as (
    select
        month, account, principal, person,
        case
            when grouping(service) = 0 then 'service' when grouping(action) = 0 then 'action'
            when grouping(region) = 0 then 'region' when grouping(address) = 0 then 'address'
            when grouping(client) = 0 then 'client' when grouping(id) = 0 then 'id'
            when grouping(role) = 0 then 'role' when grouping(key) = 0 then 'key'
            else 'account'
        end as dimension,
        -- All but one of them are null.
        case when dimension = 'account' then account
            else coalesce(service, action, region, address, client, id, role, key) end as value,
        min(first_time) as first_time,
        max(last_time) as last_time,
        sum(events)::bigint as events,
        bit_or(day) as days_seen
    from used
    group by grouping sets (
        (month, account, principal, person),
        (month, account, principal, person, service), (month, account, principal, person, action),
        (month, account, principal, person, region), (month, account, principal, person, address),
        (month, account, principal, person, client), (month, account, principal, person, id),
        (month, account, principal, person, role), (month, account, principal, person, key)
    )
)

select
    * exclude (days_seen),
    bit_count(days_seen)::bigint as days,
    list_filter(range(1, 32), lambda day: days_seen & (1::bigint << day::int) > 0)::tinyint[] as days_seen
from counted
where value <> '' or dimension in ('account', 'service', 'action')
