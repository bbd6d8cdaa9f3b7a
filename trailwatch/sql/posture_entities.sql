-- Grain: user, role or group of the account authorization details.
-- reads: exports
with listed as (
    select account, taken_at, 'user' as kind, unnest(json_extract(body, '$.UserDetailList[*]')) as entity
    from exports where kind = 'authorization-details'
    union all
    select account, taken_at, 'role', unnest(json_extract(body, '$.RoleDetailList[*]'))
    from exports where kind = 'authorization-details'
    union all
    select account, taken_at, 'group', unnest(json_extract(body, '$.GroupDetailList[*]'))
    from exports where kind = 'authorization-details'
),

named as (
    select
        *,
        coalesce(field(entity, '$.UserName'), field(entity, '$.RoleName'), field(entity, '$.GroupName')) as name
    from listed
)

select
    account,
    taken_at,
    kind,
    name,
    -- The same name as in the events: a role of Identity Center is one role, however often it was made anew.
    account || '/' || kind || '/' || case kind
        when 'role' then regexp_replace(name, '^(AWSReservedSSO_.+)_[0-9a-f]{16}$', '\1') else name end as principal,
    coalesce(field(entity, '$.Path'), '/') as path,
    coalesce(field(entity, '$.Arn'), '') as arn,
    coalesce(field(entity, '$.UserId'), field(entity, '$.RoleId'), field(entity, '$.GroupId'), '') as principal_id,
    kind = 'role' and starts_with(coalesce(field(entity, '$.Path'), '/'), '/aws-service-role/') as service_linked,
    try_cast(field(entity, '$.CreateDate') as timestamptz) as created,
    entity
from named
where name is not null
