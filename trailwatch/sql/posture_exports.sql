-- Grain: account × kind: the newest good export, whole.
-- reads: snapshots, newest
select s.account, s.kind, s.taken_at, s.body
from snapshots as s
inner join newest as n on n.account = s.account and n.kind = s.kind and n.taken_at = s.taken_at
where s.status = 'good'
qualify row_number() over (partition by s.account, s.kind order by s.digest) = 1
