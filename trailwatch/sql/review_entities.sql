-- grain: user or role of the newest exports, roles of services left out, with its groups and its boundary
-- reads: entities
select
    account, principal, kind, name, arn, created, taken_at,
    case when kind = 'user' then list_transform(json_extract(entity, '$.GroupList[*]'), lambda g: field(g, '$'))
        else []::varchar[] end as groups,
    coalesce(field(entity, '$.PermissionsBoundary.PermissionsBoundaryArn'), '') as boundary
from entities
where kind in ('user', 'role') and not service_linked
order by principal
