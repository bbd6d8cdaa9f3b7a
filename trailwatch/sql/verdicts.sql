-- grain: one listed object and what to do with it: new, again (it failed), known, or changed since it was read
-- reads: listed(place, object_id, etag), ledger
select
    place,
    case
        when ledger.object_id is null then 'new'
        -- Of an object that was kept in part, the same bytes give nothing more.
        when status = 'failed' and (records = 0 or tag is distinct from hash(etag)) then 'again'
        when tag = hash(etag) then 'known'
        else 'changed'
    end as verdict
from listed
left join ledger using (object_id)
order by place
