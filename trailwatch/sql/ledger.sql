-- grain: one source object as the ledger knows it last; small enough to hold millions
-- reads: objects
-- params: $bucket
select
    object_id,
    -- A local file's tag ends with the hash of its bytes, which a listing does not know.
    hash(case when bucket = 'file' then regexp_extract(arg_max(etag, ingested_at), '^\d+-\d+')
        else arg_max(etag, ingested_at) end) as tag,
    arg_max(status, ingested_at) as status,
    arg_max(records, ingested_at) as records
from objects
where bucket = $bucket
group by object_id, bucket
