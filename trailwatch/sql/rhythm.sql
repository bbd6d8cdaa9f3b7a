-- Grain: kind × value (principal, person, key, or a role that was assumed): how often it was used before $day.
-- reads: seen   params: $day
-- From the days of all history, so that a job that runs each quarter has a longest gap of a quarter.
with uses as (
    select
        dimension, principal, person, value, month, first_time, last_time,
        -- The days as bits: those before the day alone, of which every kind makes its own sets.
        list_bit_or(list_transform(days_seen, lambda d: 1::bigint << d::integer))
            & case
                when month + interval 1 month <= $day::date then -1
                when month <= $day::date then (1::bigint << extract('day' from $day::date)::integer) - 1
                else 0
            end as days
    from seen
    where dimension in ('account', 'key', 'role')
),

marked as (
    select 'principal' as kind, principal as value, month, days, first_time, last_time
    from uses
    where dimension = 'account' and principal <> ''
    union all
    select 'person', person, month, days, first_time, last_time
    from uses
    where dimension = 'account' and person <> ''
    union all
    select dimension, value, month, days, first_time, last_time
    from uses
    where dimension in ('key', 'role')
),

months as (
    select
        kind, value, month, bit_or(days) as days, min(first_time) as first_time,
        -- A month knows its last moment only; where that is not before the day, noon of the last day before stands in.
        max(last_time) filter (where last_time < $day::date) as last_time
    from marked
    group by kind, value, month
),

used as (
    select
        kind, value, min(first_time) as first_time, max(last_time) as last_time,
        flatten(list(
            list_transform(
                list_filter(range(1, 32), lambda d: (days & (1::bigint << d::integer)) <> 0),
                lambda d: month + (d::integer - 1)
            ) order by month
        )) as days
    from months
    group by kind, value
),

gaps as (
    select *, list_transform(range(2, len(days) + 1), lambda place: days[place] - days[place - 1]) as gaps
    from used
    where len(days) > 0
)

select
    kind,
    value,
    days[1] as first_seen,
    days[-1] as last_seen,
    first_time,
    greatest(last_time, days[-1]::timestamp + interval 12 hours) as last_time,
    len(days) as active_days,
    list_median(gaps)::double as usual_gap,
    list_max(gaps)::double as longest_gap,
    ($day::date - days[-1])::double as gap
from gaps
