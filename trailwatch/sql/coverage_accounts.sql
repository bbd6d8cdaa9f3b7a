-- coverage_accounts: one row per account that was active in the 14 days up to the day.
-- reads: activity   params: $day
select
    account,
    coalesce(sum(events) filter (where dt = $day), 0)::bigint as events,
    coalesce(count(distinct region) filter (where dt = $day), 0) as regions,
    max(last_time) as last_time
from activity
where dt between $day - 14 and $day and account <> ''
group by account
order by events desc, account
