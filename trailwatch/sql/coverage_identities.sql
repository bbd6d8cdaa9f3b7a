-- coverage_identities: one row: identities of the day, those known for less than 14 days, and the day's events.
-- reads: activity   params: $day
with firsts as (
    select principal, person, min(dt) as first_day, sum(events) filter (where dt = $day) as events
    from activity
    where dt <= $day
    group by principal, person
)
select
    count(*) filter (where events > 0) as identities,
    count(*) filter (where events > 0 and first_day > $day - 14) as young,
    coalesce(sum(events), 0)::bigint as events
from firsts
