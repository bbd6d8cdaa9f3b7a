-- iam_trust. Grain: role × statement of its trust policy × principal that it names; everybody but some is anyone.
-- A condition guards only where it must hold: not with IfExists, not negated, not with a bare wildcard. `own` says that the
-- principal, or a condition on its account or organization, stays within the organization and its partners; `partner` that
-- the principal's account is a declared partner's.
-- reads: entities, known_accounts, organization
with statements as (
    select
        account, principal, name, service_linked,
        unnest(as_list(json_extract(entity, '$.AssumeRolePolicyDocument.Statement'))) as statement
    from entities
    where kind = 'role'
),

numbered as materialized (
    select *, row_number() over () as number
    from statements
),

kinds as (
    select number, unnest(entries(json_extract(statement, '$.Principal'))) as entry
    from numbered
),

named as (
    select number, entry.key as kind, unnest(as_list(entry.value)) as value
    from kinds
    union all
    select number, 'AWS', json_extract(statement, '$.Principal')
    from numbered
    where json_type(statement, '$.Principal') = 'VARCHAR'
    union all
    select number, 'AWS', to_json('*')
    from numbered
    where json_extract(statement, '$.NotPrincipal') is not null
),

operators as (
    select number, unnest(entries(json_extract(statement, '$.Condition'))) as entry
    from numbered
),

conditions as (
    select number, lower(entry.key) as operator, unnest(entries(entry.value)) as entry
    from operators
),

guards as (
    select
        number,
        lower(entry.key) as key,
        list_transform(as_list(entry.value), lambda v: coalesce(field(v, '$'), '')) as allowed
    from conditions
    where regexp_full_match(operator, '(foranyvalue:)?(string(equals(ignorecase)?|like)|arn(equals|like))')
),

guarded as (
    select
        number,
        bool_or(key = 'sts:externalid') as external_id,
        bool_or(ends_with(key, ':sub') or key in ('saml:namequalifier', 'saml:sub_type')) as subject,
        bool_or(
            (key = 'aws:principalorgid' and list_has_all((select ids from organization), allowed))
            or (key in ('aws:principalaccount', 'aws:sourceaccount')
                and list_has_all((select coalesce(list(account), []) from known_accounts), allowed))
        ) as own
    from guards
    where len(allowed) > 0 and len(list_filter(allowed, lambda v: regexp_full_match(v, '[*?]*'))) = 0
    group by number
),

principals as (
    select
        n.kind,
        s.*,
        coalesce(field(n.value, '$'), '') as value,
        regexp_extract(
            coalesce(field(n.value, '$'), ''), '^(?:arn:[a-z-]+:[a-z0-9-]+::)?(\d{12})(?::|$)', 1) as account_named
    from named as n
    inner join numbered as s on s.number = n.number
)

select
    p.account,
    p.principal,
    p.name as role_name,
    p.service_linked,
    coalesce(field(p.statement, '$.Effect'), '') as effect,
    case when p.kind = 'AWS' and p.value = '*' then 'anyone' else p.kind end as kind,
    p.value,
    p.account_named,
    coalesce(g.own, false) or k.account is not null as own,
    coalesce(k.partner, false) as partner,
    coalesce(g.external_id, false) as external_id,
    coalesce(g.subject, false) as subject,
    coalesce(json_extract(p.statement, '$.Condition')::varchar, '') as conditions
from principals as p
left join guarded as g on g.number = p.number
left join known_accounts as k on k.account = p.account_named
