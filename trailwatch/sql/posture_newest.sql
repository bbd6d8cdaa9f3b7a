-- Grain: account × kind: when its newest good export was taken, and how the newest attempt after that failed.
-- reads: snapshots   params: $before
with attempts as (
    select account, kind, status, reason, taken_at, dt
    from snapshots
    where taken_at < $before
)

select
    account,
    kind,
    max(taken_at) filter (where status = 'good') as taken_at,
    arg_max(dt, taken_at) filter (where status = 'good') as dt,
    max(taken_at) filter (where status <> 'good') as failed_at,
    arg_max(reason, taken_at) filter (where status <> 'good') as reason
from attempts
group by account, kind
order by account, kind
