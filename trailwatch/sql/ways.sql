-- Grain: principal × dimension × value: what the identities of today's hits did before, and since when.
-- reads: activity_window, acting, classes   params: $day
-- Dimensions: address, client (direct and console calls); through (services that called for it); action, service.
with used as (
    select
        principal, dt,
        case when origin in ('direct', 'console') then address else '' end as address,
        case when origin in ('direct', 'console') then client else '' end as client,
        case when origin = 'via-service' then address else '' end as through,
        replace(event_source, '.amazonaws.com', '') || ':' || event_name as action,
        event_source as service
    from activity_window
    semi join acting using (principal)
    -- A failed sign-in is the act of whoever typed the name, and teaches nothing of whose name it is.
    where dt < $day::date and origin <> 'service' and not (event_source = 'signin.amazonaws.com' and outcome <> 'ok')
),

-- Every value once a day; all dimensions in one pass.
ways as (
    select
        principal, dt,
        case
            when grouping(address) = 0 then 'address' when grouping(client) = 0 then 'client'
            when grouping(through) = 0 then 'through' when grouping(action) = 0 then 'action'
            else 'service'
        end as dimension,
        coalesce(address, client, through, action, service) as value
    from used
    group by grouping sets (
        (principal, dt, address), (principal, dt, client), (principal, dt, through), (principal, dt, action),
        (principal, dt, service)
    )
),

steps as (
    select *, dt - lag(dt) over (partition by principal order by dt) as step
    from (select distinct principal, dt from ways)
),

rhythm as (select principal, count(*) as days, coalesce(max(step), 0) as pause from steps group by all)

select
    w.principal,
    w.dimension,
    w.value,
    count(*) as days,
    min(w.dt) as first_day,
    any_value(r.days) as days_known,
    any_value(r.pause) as pause,
    coalesce(any_value(c.class), '') as class,
    coalesce(any_value(c.evidence), '') as evidence
from ways as w
inner join rhythm as r using (principal)
left join classes as c using (principal)
where w.value <> ''
group by w.principal, w.dimension, w.value
order by w.principal, w.dimension, days desc, w.value
