-- Grain: day that has a digest: when it was made, on how much it stands, and its findings by severity.
-- reads: digests, findings
with newest as (
    select
        dt, made_at, complete, stale,
        json_extract(body, '$.coverage.events')::bigint as events
    from digests
    qualify row_number() over (partition by dt order by made_at desc, run desc) = 1
),

counted as (
    select
        dt,
        count(*) filter (severity = 'critical') as critical,
        count(*) filter (severity = 'high') as high,
        count(*) filter (severity = 'medium') as medium,
        count(*) filter (severity = 'low') as low,
        count(*) filter (severity = 'info') as info,
        count(*) filter (status in ('new', 'risen', 'reopened')) as fresh
    from findings
    where suppressed_by = '' and status not in ('ended', 'resolved') and not (kind = 'posture' and status = 'ongoing')
    group by dt
)

select
    n.*,
    coalesce(c.critical, 0) as critical, coalesce(c.high, 0) as high, coalesce(c.medium, 0) as medium,
    coalesce(c.low, 0) as low, coalesce(c.info, 0) as info, coalesce(c.fresh, 0) as fresh
from newest as n
left join counted as c using (dt)
order by n.dt desc
