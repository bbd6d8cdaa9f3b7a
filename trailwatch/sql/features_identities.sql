-- Grain: principal × person, numbered: `id` is what acts, `who` the person behind it, who may have several principals
-- (the principal itself where nobody is behind it). What is done belongs to `id`, where and when to `who`.
-- reads: features_totals, zones
with named as (
    select distinct
        principal,
        person,
        case when person <> '' then person else principal end as known_as,
        principal like '%/root' as root,
        case when person <> '' or principal like '%/root' then 'person' else 'workload' end as peer
    from features_totals
)

select
    row_number() over (order by n.principal, n.person)::integer as id,
    -dense_rank() over (order by n.known_as)::integer as who,
    n.principal,
    n.person,
    n.root,
    n.peer,
    coalesce(z.zone, 'UTC') as zone
from named as n
left join zones as z on z.who = n.known_as
