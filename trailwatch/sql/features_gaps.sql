-- Grain: holder × day of use from $start on: days since the last use, the longest gap that was usual before, days of use
-- before. Of the days before $start, however many, the sums are enough.
-- reads: features_dates
-- params: $start
with gaps as (
    select id, long_term_key, dt, dt - lag(dt) over (partition by id, long_term_key order by dt) as gap
    from features_dates
),

older as (
    select id, long_term_key, max(gap) as longest, count(*) as days, min(dt) as first_day
    from gaps
    where dt < $start
    group by all
),

recent as (
    select
        *,
        max(gap) over before as longest,
        count(*) over before as days,
        min(dt) over (partition by id, long_term_key) as first_day
    from gaps
    where dt >= $start
    window before as (partition by id, long_term_key order by dt rows between unbounded preceding and 1 preceding)
)

select
    r.id,
    r.long_term_key,
    r.dt,
    -- Two uses tell nothing of a rhythm yet: a month then counts as usual, a week at least always.
    greatest(0, ln(1 + coalesce(r.gap, 0)) - ln(1 + greatest(coalesce(greatest(o.longest, r.longest), 30), 7))) as asleep,
    coalesce(o.days, 0) + r.days as active_days,
    coalesce(o.first_day, r.first_day) as first_day
from recent as r
left join older as o on o.id = r.id and o.long_term_key = r.long_term_key
