-- Grain: principal × dimension × value: what the identities of today's hits did before, and since when.
-- reads: activity_window, acting, classes   params: $day
-- Dimensions: address, client (direct and console calls); through (services that called for it); action, service.
with used as (
    select
        principal, dt, origin, address, client, event_source as service,
        replace(event_source, '.amazonaws.com', '') || ':' || event_name as action
    from activity_window
    semi join acting using (principal)
    -- A failed sign-in is the act of whoever typed the name, and teaches nothing of whose name it is.
    where dt < $day::date and origin <> 'service' and not (event_source = 'signin.amazonaws.com' and outcome <> 'ok')
),

days as (select distinct principal, dt from used),

steps as (select *, dt - lag(dt) over (partition by principal order by dt) as step from days),

rhythm as (select principal, count(*) as days, coalesce(max(step), 0) as pause from steps group by all),

ways as (
    select principal, dt, 'address' as dimension, address as value from used where origin in ('direct', 'console')
    union all
    select principal, dt, 'client', client from used where origin in ('direct', 'console')
    union all
    select principal, dt, 'through', address from used where origin = 'via-service'
    union all
    select principal, dt, 'action', action from used
    union all
    select principal, dt, 'service', service from used
)

select
    w.principal,
    w.dimension,
    w.value,
    count(distinct w.dt) as days,
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
