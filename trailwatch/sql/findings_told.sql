-- findings_told: one row per detection, on how many identity-days since $start it said something at medium or above.
-- reads: findings   params: $start
select detection, count(distinct (dt, principal, person)) as told
from findings
where
    dt >= $start
    and kind = 'activity'
    and severity in ('medium', 'high', 'critical')
    and status not in ('ended', 'resolved')
    and last_time >= dt
group by detection
order by detection
