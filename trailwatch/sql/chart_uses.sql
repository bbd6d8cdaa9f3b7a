-- Grain: pictured identity × network or client, with the first day ever and the days of the window.
-- reads: pictured, seen   params: $start, $day
with mine as (
    select p.name, s.* from pictured as p inner join seen as s on p.kind = 'person' and s.person = p.name
    union all by name
    select p.name, s.* from pictured as p inner join seen as s on p.kind = 'principal' and s.principal = p.name
),

days as (
    select
        name, dimension, value, first_time,
        list_transform(days_seen, lambda number: month + (number - 1)::int) as used
    from mine
    where dimension in ('address', 'client') and value <> '' and month <= $day::date
),

counted as (
    select
        name, dimension, value,
        min(first_time)::date as first,
        list_sort(list_distinct(list_filter(
            flatten(list(used)), lambda one: one between $start::date and $day::date))) as days
    from days
    group by all
)

select *
from counted
where len(days) > 0 and first <= $day::date
-- What is new, then what was used last: a page has room for a few only.
qualify row_number() over (partition by name, dimension order by first desc, days[-1] desc, value) <= 3
    or row_number() over (partition by name, dimension order by len(days) desc, value) <= 3
order by name, dimension, first, value
