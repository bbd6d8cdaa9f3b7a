-- Grain: principal: when the trail saw it last up to the end of $day. Failed sign-ins are no use, refused calls are.
-- reads: seen   params: $day
with months as (
    select
        principal,
        month,
        last_time,
        list_max(list_filter(days_seen, lambda d: month + (d::integer - 1) <= $day::date)) as last_day
    from seen
    where dimension = 'account' and month <= $day::date
)

select
    principal,
    -- The exact time is known where the month ends with the day, else the day alone.
    max(case when last_time < $day::date + 1 then last_time
        else (month + (last_day::integer - 1))::timestamptz end) as last_time
from months
where last_day is not null
group by principal
