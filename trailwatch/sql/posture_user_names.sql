-- Grain: every user of an account by report or authorization details, and root.
-- reads: report, entities, aliases
with named as (
    select account, user_name, is_root from report
    union
    select account, name, false from entities where kind = 'user'
),

called as (
    select
        *,
        account || case when is_root then '/root' else '/user/' || user_name end as principal
    from named
),

others as (
    select lower(alias) as alias, min(lower(person)) as person from aliases group by lower(alias)
)

select
    n.*,
    coalesce(p.person, a.person, case when n.is_root then '' else lower(n.user_name) end) as person
from called as n
left join others as p on p.alias = lower(n.principal)
left join others as a on a.alias = lower(n.user_name) and not n.is_root
