-- Grain: day × shard × account × principal × principal id × person. What does not add up over hours.
-- reads: attributed
-- Once, and not once for each of the counts below.
with used as materialized (
    select
        dt, shard, account, principal, principal_id, person,
        date_trunc('minute', event_time) as minute,
        action,
        coalesce(read_only, regexp_matches(event_name, '^(BatchGet|Describe|Get|Head|List|Lookup)')) as reads,
        credential, target, resources
    from attributed
    where origin <> 'service'
),

-- Minutes first: the sliding windows below then run over few rows, even on a day of a million events.
minutes as (
    select dt, shard, account, principal, principal_id, person, minute, count(*) as events
    from used
    group by all
),

event_peaks as (
    select dt, shard, account, principal, principal_id, person, max(events)::bigint as peak_events
    from (
        select
            dt, shard, account, principal, principal_id, person,
            sum(events) over (
                partition by dt, shard, account, principal, principal_id, person
                order by minute range between interval 9 minutes preceding and current row
            ) as events
        from minutes
    )
    group by all
),

read_peaks as (
    select dt, shard, account, principal, principal_id, person, max(reads) as peak_reads
    from (
        select
            dt, shard, account, principal, principal_id, person,
            count(distinct action) over (
                partition by dt, shard, account, principal, principal_id, person
                order by minute range between interval 9 minutes preceding and current row
            ) as reads
        from (
            select distinct dt, shard, account, principal, principal_id, person, minute, action
            from used
            where reads
        )
    )
    group by all
),

session_peaks as (
    select dt, shard, account, principal, principal_id, person, max(sessions) as sessions
    from (
        select
            dt, shard, account, principal, principal_id, person,
            date_trunc('hour', minute) as hour,
            count(distinct credential) filter (where credential <> '') as sessions
        from used
        group by all
    )
    group by all
),

arns as (
    select
        dt, shard, account, principal, principal_id, person,
        unnest(from_json(json_extract(resources, '$[*].ARN'), '["VARCHAR"]')) as arn
    from used
    where json_valid(resources) and json_type(resources) = 'ARRAY'
),

resource_counts as (
    select dt, shard, account, principal, principal_id, person, count(distinct arn) as resources
    from arns
    group by all
),

totals as (
    select
        dt, shard, account, principal, principal_id, person,
        count(*) as events,
        count(distinct target) filter (where target <> '') as targets,
        count(distinct target) filter (
            where target <> '' and action in (
                'secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue', 'ssm:GetParameter',
                'ssm:GetParameters', 'ssm:GetParametersByPath', 'ssm:GetParameterHistory', 'ec2:GetPasswordData'
            )
        ) as secrets
    from used
    group by all
)

select
    dt, shard, account, principal, principal_id, person,
    totals.events, peak_events,
    coalesce(peak_reads, 0) as peak_reads,
    targets,
    coalesce(resource_counts.resources, 0) as resources,
    secrets,
    coalesce(session_peaks.sessions, 0) as sessions
from totals
join event_peaks using (dt, shard, account, principal, principal_id, person)
join session_peaks using (dt, shard, account, principal, principal_id, person)
left join read_peaks using (dt, shard, account, principal, principal_id, person)
left join resource_counts using (dt, shard, account, principal, principal_id, person)
