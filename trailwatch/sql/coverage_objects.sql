-- coverage_objects: one row per kind, status and reason of source objects: the day's, and those of the 13 days before
-- that could not be read or were changed.
-- reads: objects   params: $day
with newest as (
    select * from objects
    -- Every read of an object lies under the day of its key.
    where dt between $day - 13 and $day
    qualify row_number() over (partition by bucket, key order by ingested_at desc) = 1
)
select
    kind, status, coalesce(reason, '') as reason, dt = $day as today,
    count(*) as objects,
    coalesce(sum(records), 0)::bigint as records,
    coalesce(sum(not_understood), 0)::bigint as not_understood,
    min(dt) as first_day,
    array_slice(list(bucket || '/' || key order by dt, key), 1, 5) as examples
from newest
where dt = $day or status <> 'read'
group by all
order by status, objects desc, reason, kind
