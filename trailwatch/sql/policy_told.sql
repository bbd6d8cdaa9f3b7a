-- grain: finding × event of the digests in hand, of what was medium or worse, or part of an incident that was; what was
-- declared or marked as benign is left in, what was confirmed is left out whatever it was
-- reads: findings, incidents, marks   params: $loud (the severities from medium on), $standing (detections)
with verdicts as (
    select finding, arg_max(verdict, marked_at) as verdict from marks group by finding
),

loud as (
    select unnest(findings) as id from incidents where severity in (select unnest($loud::varchar[]))
),

judged as (
    select
        f.id,
        arg_max(f.title, f.dt) as title,
        arg_max(f.severity, f.dt) as severity,
        arg_max(f.suppressed_by, f.dt) as suppressed_by,
        bool_or(f.severity in (select unnest($loud::varchar[])) and f.suppressed_by = '') as loud,
        flatten(list(f.event_ids)) as event_ids,
        max(f.count) as calls
    from findings as f
    where f.kind in ('activity', 'anomaly') and coalesce(f.detection, '') not in (select unnest($standing::varchar[]))
    group by f.id
)

select
    j.id as finding, j.title, j.severity, j.calls, unnest(list_distinct(j.event_ids)) as event_id
from judged as j
left join verdicts as v on v.finding = j.id
where v.verdict = 'confirmed'
    or (v.verdict is null and j.suppressed_by = '' and (j.loud or j.id in (select id from loud)))
