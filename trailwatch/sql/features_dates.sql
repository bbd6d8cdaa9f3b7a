-- Grain: holder × day of use over all history, for identities (`id`) and, by name, for long-term keys.
-- reads: features_totals, features_identities, seen
-- params: $start, $day
with uses as (
    select
        case when s.dimension = 'key' then 0 else i.id end as id,
        case when s.dimension = 'key' then s.value else '' end as long_term_key,
        s.month,
        unnest(s.days_seen)::integer - 1 as past
    from seen as s
    inner join features_identities as i on i.principal = s.principal and i.person = s.person
    -- Every identity has an account on each day on which it was active.
    where s.dimension = 'key' or (s.dimension = 'account' and s.month < $start)
)

select id, long_term_key, month + past as dt
from uses
where month + past < $start or (id = 0 and month + past <= $day)
union
select i.id, '', t.dt
from features_totals as t
inner join features_identities as i on i.principal = t.principal and i.person = t.person
