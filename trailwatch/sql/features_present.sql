-- Grain: numbered value of a holder × day of the window on which it was used.
-- reads: features_held, features_firsts
-- params: $start, $day
select distinct number, holder, dt
from (
    select f.number, f.holder, h.month + (unnest(h.days_seen)::integer - 1) as dt
    from features_held as h
    inner join features_firsts as f on f.holder = h.holder and f.dimension = h.dimension and f.value = h.value
    where h.month >= date_trunc('month', $start)
)
where dt between $start and $day
