-- grain: long-term key × kind of workload that shows in its calls × evidence × action, in the events at hand
-- reads: events
-- A program that a client library names is believed, for it works against whoever would invent it. An address counts that a
-- machine, function or task of the same account had, as its role's sessions show; in networks of the office all share one.
with exits as (
    select
        account, ip,
        max(case
            when regexp_matches(session_name, '^i-[0-9a-f]{8,17}$') then 'instance'
            when regexp_matches(session_name, '^[0-9a-f]{32}$') then 'task'
            when starts_with(session_name, 'eks-') then 'pod'
            when coalesce(in_scope_of, '') like '%AWS::Lambda%' then 'function' else 'task' end) as kind
    from events
    where ip_kind = 'public' and origin = 'direct' and identity_type = 'AssumedRole'
        and (regexp_matches(session_name, '^(i-[0-9a-f]{8,17}|[0-9a-f]{32}|eks-.+-[0-9a-f-]{36})$')
            or coalesce(in_scope_of, '') like '%AWS::%')
    group by all
),

keys as (
    select
        e.*,
        regexp_extract(coalesce(e.user_agent, ''), '(?i)exec-env/(AWS_Lambda|AWS_ECS|AWS_EKS|EC2)[A-Za-z0-9_.-]*') as environment
    from events as e
    where e.access_key_id like 'AKIA%' and e.origin = 'direct' and e.principal like '%/user/%'
)

select
    k.principal, k.account, k.access_key_id as key,
    case
        when k.environment ilike '%lambda%' then 'function' when k.environment ilike '%ecs%' then 'task'
        when k.environment ilike '%eks%' then 'pod' when k.environment <> '' then 'instance'
        else x.kind end as kind,
    case when k.environment <> '' then 'the client says ' || k.environment
        else 'from ' || k.ip || ', which a role''s session in the same account had too' end as evidence,
    count(*) as calls, min(k.event_time) as first_time, max(k.event_time) as last_time,
    arg_max(k.event_id, k.event_time) as event_id,
    list(distinct k.ip)[1:5] as addresses
from keys as k
left join exits as x on x.account = k.account and x.ip = k.ip and k.ip not in (select ip from declared_addresses)
where k.environment <> '' or x.ip is not null
group by all
order by k.principal, key, calls desc
