-- Grain: account × user of the credential report, root among them.
-- reads: exports
with rows as (
    select account, taken_at, unnest(json_extract(body, '$[*]')) as user
    from exports
    where kind = 'credential-report'
)

select
    account,
    taken_at,
    user,
    field(user, '$.user') as user_name,
    field(user, '$.user') = '<root_account>' as is_root
from rows
where field(user, '$.user') is not null
