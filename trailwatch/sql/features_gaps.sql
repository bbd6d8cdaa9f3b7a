-- Grain: scope × holder × day of use: days since the last use, the longest gap that was usual before, days of use before.
-- reads: features_dates
with gaps as (
    select scope, holder, dt, dt - lag(dt) over use as gap
    from features_dates
    window use as (partition by scope, holder order by dt)
)

select
    scope,
    holder,
    dt,
    coalesce(gap, 0) as gap,
    -- Two uses tell nothing of a rhythm yet: a month then counts as usual, a week at least always.
    greatest(coalesce(max(gap) over before, 30), 7) as longest,
    count(*) over before as active_days,
    min(dt) over (partition by scope, holder) as first_day
from gaps
window before as (partition by scope, holder order by dt rows between unbounded preceding and 1 preceding)
