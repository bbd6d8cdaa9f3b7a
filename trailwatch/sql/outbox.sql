-- Grain: finding × day with news that a sink has not got yet, the oldest day first, the gravest of a day first.
-- reads: findings, sent   params: $sink, $since, $statuses
select f.dt, f.body
from findings as f
where f.dt >= $since::date and f.suppressed_by = '' and list_contains($statuses, f.status)
    and not exists (
        select 1
        from sent as s
        where s.sink = $sink and s.state = 'sent' and s.id = f.id and s.dt = f.dt and s.status = f.status
            and s.severity = f.severity
    )
order by f.dt, list_position(['critical', 'high', 'medium', 'low', 'info'], f.severity), f.id
