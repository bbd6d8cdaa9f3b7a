-- Grain: principal: what kind of identity it is, and what speaks for that.
-- reads: activity_window, declared_classes   params: $day
with used as (
    select
        principal, event_source, event_name, read_only, origin, client, events, dt, hour,
        isodow(dt) >= 6 as weekend
    from activity_window
    where dt < $day::date and not (event_source = 'signin.amazonaws.com' and outcome <> 'ok')
),

traits as (
    select
        principal,
        count(distinct dt) as days,
        count(distinct dt) filter (where weekend) as weekend_days,
        count(distinct hour) as hours,
        count(distinct dt) filter (where origin = 'console') as console_days,
        count(distinct dt) filter (
            where event_source in ('iam.amazonaws.com', 'organizations.amazonaws.com', 'sso.amazonaws.com')
                and not read_only
        ) as admin_days,
        count(distinct dt) filter (
            where regexp_matches(client, '(?i)terraform|pulumi|cloudformation|codebuild|github|gitlab|jenkins')
        ) as pipeline_days,
        count(distinct dt) filter (where regexp_matches(client, '(?i) (lambda|ecs)$|ssm-agent')) as workload_days
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
