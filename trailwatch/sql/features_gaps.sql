-- Grain: holder × day of use: days since the last use, the longest gap that was usual before, days of use before.
-- reads: features_dates
with gaps as (
    select id, long_term_key, dt, dt - lag(dt) over (partition by id, long_term_key order by dt) as gap
    from features_dates
)

select
    id,
    long_term_key,
    dt,
    -- Two uses tell nothing of a rhythm yet: a month then counts as usual, a week at least always.
    greatest(0, ln(1 + coalesce(gap, 0)) - ln(1 + greatest(coalesce(max(gap) over before, 30), 7))) as asleep,
    count(*) over before as active_days,
    min(dt) over (partition by id, long_term_key) as first_day
from gaps
window before as (partition by id, long_term_key order by dt rows between unbounded preceding and 1 preceding)
