-- Grain: owner × policy: inline policies with their text, attached ones with the default version of theirs.
-- reads: entities, exports
with attached as (
    select
        e.account, e.principal, e.kind, e.name, e.path, e.arn, e.service_linked,
        unnest(json_extract(e.entity, '$.AttachedManagedPolicies[*]')) as policy
    from entities as e
),

written as (
    select
        e.account, e.principal, e.kind, e.name, e.path, e.arn, e.service_linked,
        unnest(as_list(coalesce(
            json_extract(e.entity, '$.UserPolicyList'), json_extract(e.entity, '$.RolePolicyList'),
            json_extract(e.entity, '$.GroupPolicyList')))) as policy
    from entities as e
),

managed as (
    select account, unnest(json_extract(body, '$.Policies[*]')) as policy
    from exports where kind = 'authorization-details'
),

versions as (
    select account, field(policy, '$.Arn') as policy_arn, unnest(json_extract(policy, '$.PolicyVersionList[*]')) as version
    from managed
),

texts as (
    select account, policy_arn, any_value(json_extract(version, '$.Document')) as document
    from versions
    where field(version, '$.IsDefaultVersion') = 'true'
    group by account, policy_arn
)

select
    a.account, a.principal, a.kind as owner_kind, a.name as owner_name, a.path, a.arn as owner_arn, a.service_linked,
    coalesce(field(a.policy, '$.PolicyName'), '') as policy_name,
    coalesce(field(a.policy, '$.PolicyArn'), '') as policy_arn,
    case when regexp_matches(coalesce(field(a.policy, '$.PolicyArn'), ''), '^arn:[a-z-]+:iam::aws:policy/')
        then 'aws' else 'customer' end as policy_kind,
    t.document
from attached as a
left join texts as t on t.account = a.account and t.policy_arn = field(a.policy, '$.PolicyArn')
union all
select
    account, principal, kind, name, path, arn, service_linked,
    coalesce(field(policy, '$.PolicyName'), ''), '', 'inline', json_extract(policy, '$.PolicyDocument')
from written
