-- week_before: the newest digest of a week before the day, or of up to six days earlier: what it said of practices.
-- reads: digests   params: $day
select
    dt,
    coalesce(json_extract(body, '$.practices'), '[]')::varchar as practices,
    coalesce(json_extract(body, '$.controls'), '[]')::varchar as controls
from digests
where dt between $day::date - 13 and $day::date - 7
qualify row_number() over (order by dt desc, made_at desc, run desc) = 1
