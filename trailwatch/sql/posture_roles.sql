-- iam_roles. Grain: role.
-- reads: entities, trail_uses
select
    e.account,
    e.principal,
    e.name as role_name,
    e.path,
    e.arn,
    nullif(e.principal_id, '') as principal_id,
    e.created,
    try_cast(field(e.entity, '$.RoleLastUsed.LastUsedDate') as timestamptz) as last_used,
    field(e.entity, '$.RoleLastUsed.Region') as last_used_region,
    e.service_linked,
    t.last_time as trail_last_used,
    e.taken_at
from entities as e
left join trail_uses as t on t.principal = e.principal
where e.kind = 'role'
