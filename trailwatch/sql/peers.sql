-- Grain: principal × person, with the group that it is compared with, and what binds the group.
-- reads: used_days, classes   params: $day
-- Persons are compared with those who use the same permission set or role, others with their class, within the
-- account before all accounts; a group has at least five members, else the account itself is the group.
with members as (
    select
        principal,
        person,
        split_part(principal, '/', 1) as account,
        regexp_extract(principal, '^[^/]+/role/(AWSReservedSSO_.+)$', 1) as permission_set
    from used_days
    where dt < $day::date and origin <> 'service'
    group by all
),

offered as (
    select m.principal, m.person, 1 as preference, 'permission set' as basis, m.permission_set as peer_group
    from members as m
    where m.person <> '' and m.permission_set <> ''
    union all
    select m.principal, m.person, 2, 'role', m.principal
    from members as m
    where m.person <> '' and m.permission_set = '' and m.principal like '%/role/%'
    union all
    select m.principal, m.person, 3, 'class in account', c.class || ' in ' || m.account
    from members as m
    inner join classes as c using (principal)
    union all
    select m.principal, m.person, 4, 'class', c.class
    from members as m
    inner join classes as c using (principal)
    union all
    select m.principal, m.person, 5, 'account', m.account
    from members as m
),

sized as (
    select
        *,
        -- Members are people where people stand behind the group, else principals.
        (count(distinct if(person <> '', person, principal)) over (partition by preference, peer_group)) as members
    from offered
)

select principal, person, basis, peer_group, members
from sized
where members >= 5 or basis = 'account'
qualify row_number() over (partition by principal, person order by preference) = 1
