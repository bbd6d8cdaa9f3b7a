-- Grain: principal: what kind of identity it is, and what speaks for that.
-- reads: used_days, declared_classes   params: $day
with used as (
    select
        principal,
        dt,
        isodow(dt) >= 6 as weekend,
        bit_or(hours) as hours,
        bool_or(origin = 'console') as in_console,
        bool_or(administers) as administers,
        bool_or(deploys) as deploys,
        bool_or(computes) as computes
    from used_days
    where dt < $day::date and not failed_sign_in
    group by principal, dt
),

traits as (
    select
        principal,
        count(*) as days,
        count(*) filter (where weekend) as weekend_days,
        bit_count(bit_or(hours))::bigint as hours,
        count(*) filter (where in_console) as console_days,
        count(*) filter (where administers) as admin_days,
        count(*) filter (where deploys) as pipeline_days,
        count(*) filter (where computes) as workload_days
    from used
    group by principal
),

declared as (
    select t.principal, d.pattern, d.class
    from traits as t
    inner join declared_classes as d on t.principal glob d.pattern
    qualify row_number() over (partition by t.principal order by length(d.pattern) desc, d.pattern) = 1
)

select
    t.principal,
    t.days,
    case
        when d.class is not null then d.class
        when t.principal like 'service/%' then 'service'
        when t.principal like '%/external/%' then 'vendor'
        when t.principal like '%/root' then 'admin'
        when t.pipeline_days * 2 >= t.days or regexp_matches(t.principal, '(?i)\b(ci|cd|cicd|deploy(er|ment)?|pipeline|github|gitlab|jenkins|terraform)\b')
            then 'pipeline'
        when t.console_days > 0 or t.principal like '%/AWSReservedSSO\_%' escape '\' then
            if(t.admin_days * 5 >= t.days, 'admin', 'human')
        when t.workload_days * 2 >= t.days then 'workload'
        when t.days >= 10 and t.weekend_days * 20 <= t.days and t.hours between 3 and 14 then 'human'
        else 'workload'
    end as class,
    case
        when d.class is not null then 'declared for ' || d.pattern
        when t.principal like 'service/%' then 'an AWS service'
        when t.principal like '%/external/%' then 'comes from another account'
        when t.principal like '%/root' then 'the root user'
        when t.pipeline_days * 2 >= t.days
            then format('a deployment tool on {} of {} days', t.pipeline_days, t.days)
        when regexp_matches(t.principal, '(?i)\b(ci|cd|cicd|deploy(er|ment)?|pipeline|github|gitlab|jenkins|terraform)\b')
            then 'its name is that of a pipeline'
        when t.console_days > 0 or t.principal like '%/AWSReservedSSO\_%' escape '\' then
            format('console on {} of {} days, changes of IAM on {}', t.console_days, t.days, t.admin_days)
        when t.workload_days * 2 >= t.days then format('runs in AWS compute on {} of {} days', t.workload_days, t.days)
        when t.days >= 10 and t.weekend_days * 20 <= t.days and t.hours between 3 and 14
            then format('{} of {} days at weekends, {} different hours of the day', t.weekend_days, t.days, t.hours)
        else format('no console, {} of {} days at weekends, {} different hours of the day',
            t.weekend_days, t.days, t.hours)
    end as evidence
from traits as t
left join declared as d on d.principal = t.principal
