-- findings_latest: one row per finding ever reported, as it was reported last.
-- reads: findings
select
    id,
    coalesce(max(dt) filter (where status not in ('ended', 'resolved')), max(dt)) as day,
    min(dt) as since,
    arg_max(severity, dt) as severity,
    arg_max(status, dt) as status
from findings
group by id
order by id
