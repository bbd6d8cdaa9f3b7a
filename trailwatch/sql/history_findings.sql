-- Grain: finding about what is asked, as it was told last.
-- reads: findings   params: $persons, $principals, $word, $first, $last
with told as (
    select
        id,
        max(dt) as day,
        arg_max(severity, dt) as severity,
        arg_max(status, dt) as status,
        arg_max(title, dt) as title,
        arg_max(detection, dt) as detection,
        arg_max(first_time, dt) as first_time,
        arg_max(suppressed_by, dt) as suppressed_by
    from findings
    where ((person in (select unnest($persons)) and person <> '') or principal in (select unnest($principals))
        or ($word <> '' and contains(body, $word)))
        and dt between $first and $last
    group by id
)

select *
from told
order by list_position(['critical', 'high', 'medium', 'low', 'info'], severity), first_time, id
