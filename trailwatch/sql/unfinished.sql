-- grain: one object that could not be read and was not listed this time
-- reads: objects, ledger, listed_again(object_id)
-- params: $bucket, $prefix
select
    objects.object_id, bucket, key, arg_max(etag, ingested_at) as etag, arg_max(size, ingested_at) as size,
    arg_max(last_modified, ingested_at) as last_modified
from objects
join ledger using (object_id)
where bucket = $bucket and starts_with(key, $prefix) and ledger.status = 'failed' and ledger.records = 0
    and object_id not in (select object_id from listed_again)
group by objects.object_id, bucket, key
having arg_max(reason, ingested_at) <> 'no longer there'
order by key
