-- Grain: kind × value (principal, person, key, or a role that was assumed): how often it was used before $day.
-- reads: seen   params: $day
-- From the days of all history, so that a job that runs each quarter has a longest gap of a quarter.
with marked as (
    select 'principal' as kind, principal as value, month, days_seen, first_time, last_time
    from seen
    where dimension = 'account' and principal <> ''
    union all
    select 'person', person, month, days_seen, first_time, last_time
    from seen
    where dimension = 'account' and person <> ''
    union all
    select dimension, value, month, days_seen, first_time, last_time
    from seen
    where dimension in ('key', 'role')
),

used as (
    select distinct kind, value, month + (unnest(days_seen)::integer - 1) as day
    from marked
    where month <= $day::date
),

gaps as (
    select kind, value, day, day - lag(day) over (partition by kind, value order by day) as gap
    from used
    where day < $day::date
),

-- A month knows its last moment only; where that is not before the day, noon of the last day before stands in.
moments as (
    select kind, value, min(first_time) as first_time, max(last_time) filter (where last_time < $day::date) as last_time
    from marked
    group by kind, value
)

select
    gaps.kind,
    gaps.value,
    min(gaps.day) as first_seen,
    max(gaps.day) as last_seen,
    any_value(moments.first_time) as first_time,
    greatest(any_value(moments.last_time), max(gaps.day)::timestamp + interval 12 hours) as last_time,
    count(*) as active_days,
    median(gaps.gap)::double as usual_gap,
    max(gaps.gap)::double as longest_gap,
    ($day::date - max(gaps.day))::double as gap
from gaps
inner join moments using (kind, value)
group by gaps.kind, gaps.value
