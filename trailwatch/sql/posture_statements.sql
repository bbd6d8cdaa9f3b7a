-- Grain: owner × policy × statement × action; `not_action` and `not_resource` turn the meaning of a list.
-- reads: documents
with statements as (
    select
        * exclude (document),
        unnest(as_list(json_extract(document, '$.Statement'))) as statement
    from documents
),

actions as (
    select
        *,
        json_extract(statement, '$.NotAction') is not null as not_action,
        json_extract(statement, '$.NotResource') is not null as not_resource,
        unnest(as_list(coalesce(json_extract(statement, '$.Action'), json_extract(statement, '$.NotAction')))) as named
    from statements
)

select
    account,
    principal,
    owner_kind,
    owner_name,
    policy_name,
    policy_kind,
    coalesce(field(statement, '$.Effect'), '') as effect,
    coalesce(field(named, '$'), '') as action,
    not_action,
    list_transform(
        as_list(coalesce(json_extract(statement, '$.Resource'), json_extract(statement, '$.NotResource'))),
        lambda r: coalesce(field(r, '$'), '')) as resource,
    not_resource,
    coalesce(json_extract(statement, '$.Condition')::varchar, '') as conditions,
    service_linked,
    owner_arn,
    policy_arn
from actions
