-- coverage_integrity: one row; how many logs of the day are proved, are not what CloudTrail wrote, or were not looked at
-- reads: objects, verdicts   params: $day
with read as (
    -- A copy of a bucket has other keys, but the same names.
    select distinct regexp_extract(key, '[^/]+$') as name
    from objects
    where dt = $day and kind = 'CloudTrail'
),
said as (
    select regexp_extract(key, '[^/]+$') as name, arg_max(verdict, verified_at) as verdict
    from verdicts
    where dt = $day and kind = 'log'
    group by name
)
select
    count(*) filter (verdict = 'valid') as verified,
    count(*) filter (verdict <> 'valid') as tampered,
    count(*) filter (verdict is null) as unverified,
    (select max(verified_at) from verdicts) as last_verified
from read
full join said using (name)
