-- lost_objects: objects of the ledger whose records are not all in the tables any more. One of which a record had
-- come twice may be among them; to read it again changes nothing.
-- reads: objects, events, others   params: $first, $last, $horizon, $no_day
with newest as (
    select * from objects
    where dt >= $horizon and (dt between $first and $last or dt = $no_day)
    qualify row_number() over (partition by bucket, key order by ingested_at desc) = 1
),
kept as (select object_id, count(*) as n from events group by object_id),
beside as (select object_id, count(*) as n from others group by object_id)

select newest.*
from newest
left join kept using (object_id)
left join beside using (object_id)
where newest.status <> 'changed' and newest.records > 0
    and (coalesce(kept.n, 0) < newest.events or coalesce(beside.n, 0) < newest.others + newest.not_understood)
order by key
