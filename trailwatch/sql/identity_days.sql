-- Grain: day × shard × account × principal × principal id × person. What does not add up over hours.
-- reads: attributed, identities
-- Once, and not once for each of the counts below; by number, since six texts are dear to compare.
with used as materialized (
    select
        i.who,
        epoch_us(a.event_time) // 60_000_000 as minute,
        a.action,
        coalesce(a.read_only, regexp_matches(a.event_name, '^(BatchGet|Describe|Get|Head|List|Lookup)')) as reads,
        a.credential, a.target, a.resources
    from attributed as a
    inner join identities as i using (dt, shard, account, principal, principal_id, person)
    where a.origin <> 'service'
),

-- Minutes first: the sliding windows below then run over few rows, even on a day of a million events.
minutes as (
    select who, minute, count(*) as events
    from used
    group by all
),

event_peaks as (
    select who, sum(counted)::bigint as events, max(events)::bigint as peak_events
    from (
        select
            who,
            events as counted,
            sum(events) over (partition by who order by minute range between 9 preceding and current row) as events
        from minutes
    )
    group by who
),

read_peaks as (
    select who, max(reads) as peak_reads
    from (
        select
            who,
            count(distinct action) over (
                partition by who order by minute range between 9 preceding and current row
            ) as reads
        from (select distinct who, minute, action from used where reads)
    )
    group by who
),

-- Distinct first, then count: a distinct count inside a group costs several times as much.
session_peaks as (
    select who, max(sessions) as sessions
    from (
        select who, hour, count(*) as sessions
        from (select distinct who, minute // 60 as hour, credential from used where credential <> '')
        group by who, hour
    )
    group by who
),

resource_counts as (
    select who, count(*) as resources
    from (
        select distinct who, unnest(from_json(json_extract(resources, '$[*].ARN'), '["VARCHAR"]')) as arn
        from used
        where resources <> '' and json_valid(resources) and json_type(resources) = 'ARRAY'
    )
    where arn is not null
    group by who
),

target_counts as (
    select who, count(*) as targets, count(*) filter (where secret) as secrets
    from (
        select
            who,
            target,
            bool_or(action in (
                'secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue', 'ssm:GetParameter',
                'ssm:GetParameters', 'ssm:GetParametersByPath', 'ssm:GetParameterHistory', 'ec2:GetPasswordData'
            )) as secret
        from used
        where target <> ''
        group by who, target
    )
    group by who
)

select
    dt, shard, account, principal, principal_id, person,
    events, peak_events,
    coalesce(peak_reads, 0) as peak_reads,
    coalesce(targets, 0) as targets,
    coalesce(resources, 0) as resources,
    coalesce(secrets, 0) as secrets,
    coalesce(sessions, 0) as sessions
from identities
join event_peaks using (who)
left join session_peaks using (who)
left join read_peaks using (who)
left join resource_counts using (who)
left join target_counts using (who)
