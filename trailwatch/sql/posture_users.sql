-- iam_users. Grain: user of an account, and root. Columns of an export that is absent are null.
-- reads: user_names, report, entities, trail_uses, declared_ends
with keys as (
    select
        account,
        user_name,
        count(*) filter (where active) as keys_active,
        max(last_used) as last_used
    from iam_keys
    group by account, user_name
)

select
    n.account,
    n.principal,
    n.person,
    n.user_name,
    coalesce(nullif(e.arn, ''), field(r.user, '$.arn'), '') as arn,
    nullif(e.principal_id, '') as principal_id,
    n.is_root,
    coalesce(e.created, try_cast(field(r.user, '$.user_creation_time') as timestamptz)) as created,
    try_cast(field(r.user, '$.password_enabled') as boolean) as password_enabled,
    try_cast(field(r.user, '$.password_last_used') as timestamptz) as password_last_used,
    case when r.user is not null
        then coalesce(try_cast(field(r.user, '$.password_never_used') as boolean), false) end as password_never_used,
    try_cast(field(r.user, '$.password_last_changed') as timestamptz) as password_last_changed,
    try_cast(field(r.user, '$.mfa_active') as boolean) as mfa_active,
    case when r.user is not null then coalesce(k.keys_active, 0) end::bigint as keys_active,
    case when e.entity is not null
        then list_transform(json_extract(e.entity, '$.GroupList[*]'), lambda g: field(g, '$')) end as groups,
    case when e.entity is not null
        then coalesce(json_array_length(e.entity, '$.AttachedManagedPolicies'), 0) end::bigint as attached,
    case when e.entity is not null
        then coalesce(json_array_length(e.entity, '$.UserPolicyList'), 0) end::bigint as inline,
    greatest(try_cast(field(r.user, '$.password_last_used') as timestamptz), k.last_used) as last_used,
    t.last_time as trail_last_used,
    d.until as until,
    coalesce(r.taken_at, e.taken_at) as taken_at
from user_names as n
left join report as r on r.account = n.account and r.user_name = n.user_name
left join entities as e on e.account = n.account and e.kind = 'user' and e.name = n.user_name
left join keys as k on k.account = n.account and k.user_name = n.user_name
left join trail_uses as t on t.principal = n.principal
left join declared_ends as d on d.principal = n.principal
