-- Grain: numbered action of an identity × day of the window on which it was used.
-- reads: seen, features_identities, features_firsts
-- params: $start, $day
select distinct number, holder, dt
from (
    select f.number, f.holder, s.month + (unnest(s.days_seen)::integer - 1) as dt
    from seen as s
    inner join features_identities as i on i.principal = s.principal and i.person = s.person
    inner join features_firsts as f on f.holder = i.id and f.dimension = s.dimension and f.value = s.value
    where
        s.dimension = 'action' and s.month >= date_trunc('month', $start) and s.first_time < $day::date + 1
)
where dt between $start and $day
