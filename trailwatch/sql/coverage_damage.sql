-- coverage_damage: one row per account, region, day, kind of object and verdict that is not good: what was found in the
-- 14 days up to a day, or is of them
-- reads: verdicts   params: $day
with newest as (
    select * from verdicts
    where dt <= $day
    qualify row_number() over (partition by bucket, key, kind order by verified_at desc) = 1
)
select
    account, region, dt as day, kind, verdict,
    count(*) as objects,
    min(reason) as reason,
    min(first_time) as first_time, max(last_time) as last_time,
    array_slice(list(bucket || '/' || key order by key), 1, 5) as examples
from newest
-- What is found in the morning belongs to the digest of the day before.
where verdict <> 'valid' and (dt >= $day - 13 or verified_at::date - 1 between $day - 13 and $day)
group by all
order by day, account, region, kind, verdict
