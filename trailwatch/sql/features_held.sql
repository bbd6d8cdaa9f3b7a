-- Grain: month × holder × dimension × value, of what is held within the window or was before. Actions, regions and roles
-- are held by principal and person together (`id`), addresses and clients by the person (`who`).
-- reads: seen, features_identities
-- params: $day
select
    case when s.dimension in ('address', 'client') then i.who else i.id end as holder,
    s.dimension,
    s.value,
    s.month,
    s.first_time::date as first_day,
    s.days_seen
from seen as s
inner join features_identities as i on i.principal = s.principal and i.person = s.person
where s.dimension in ('action', 'region', 'role', 'address', 'client') and s.first_time::date <= $day
