-- Grain: pictured identity × temporary credential of the day, those above it and those made with it.
-- reads: pictured, sessions   params: $day, $most
with recursive
near as materialized (
    select
        credential,
        coalesce(max(nullif(parent_credential, '')), '') as parent,
        coalesce(max(nullif(kind, '')), '') as kind,
        max(principal) as principal, max(session_name) as session_name, max(person) as person,
        max(parent_person) as parent_person, max(parent_principal) as parent_principal,
        min(coalesce(issued_time, first_time)) as first_time,
        max(coalesce(last_time, issued_time)) as last_time,
        sum(events)::bigint as events,
        bool_or(dt = $day::date) as today
    from sessions
    where credential <> ''
    group by credential
),
own as (
    select p.name, n.credential, n.parent, 0 as hops
    from pictured as p
    inner join near as n
        on p.name in (n.person, n.parent_person) and p.kind = 'person'
        or p.name in (n.principal, n.parent_principal) and p.kind = 'principal'
    where n.today
    qualify row_number() over (partition by p.name order by n.first_time, n.credential) <= $most
),
up as (
    select * from own
    union
    select u.name, n.credential, n.parent, u.hops + 1
    from up as u
    inner join near as n on n.credential = u.parent
    where u.hops < 20
),
down as (
    select * from own
    union
    select d.name, n.credential, n.parent, d.hops + 1
    from down as d
    inner join near as n on n.parent = d.credential
    where d.hops < 20 and n.today
)
select distinct
    f.name, n.credential, n.parent, n.kind, n.principal, n.session_name, n.first_time, n.last_time, n.events
from (select name, credential from up union select name, credential from down) as f
inner join near as n using (credential)
where n.first_time is not null
qualify row_number() over (partition by f.name order by n.first_time, n.credential) <= 2 * $most
order by f.name, n.first_time, n.credential
