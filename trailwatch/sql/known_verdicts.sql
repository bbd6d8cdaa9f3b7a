-- known_verdicts: the newest verdict on each object of some days, to tell what need not be hashed again
-- reads: verdicts   params: $first, $last
select object_id, kind, account, region, dt, verdict, etag, size, hash, reason
from verdicts
where dt between $first and $last
qualify row_number() over (partition by object_id, kind order by verified_at desc) = 1
