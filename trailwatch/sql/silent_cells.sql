-- silent_cells: one row per account and region that is silent on the day, and active on most such days (weekday or
-- weekend) of the 14 before.
-- reads: activity   params: $day
with cells as (
    select distinct dt, account, region
    from activity
    where dt between $day - 14 and $day and account <> '' and region <> ''
),
alike as (
    select distinct dt from cells where dt < $day and (isodow(dt) >= 6) = (isodow($day::date) >= 6)
),
usual as (
    select account, region, count(*) as active_days, (select count(*) from alike) as of_days
    from cells semi join alike using (dt)
    group by account, region
)
select account, region, active_days, of_days
from usual
anti join (select account, region from cells where dt = $day) today using (account, region)
where active_days >= 2 and 2 * active_days > of_days
order by account, region
