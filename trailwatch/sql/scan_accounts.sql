-- scan_accounts: one row per account of a scan, with its events, regions and last event.
-- reads: attributed
select account, count(*) as events, count(distinct aws_region) as regions, max(event_time) as last_time
from attributed
group by account
order by account
