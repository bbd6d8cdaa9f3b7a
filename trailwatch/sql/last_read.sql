-- grain: the newest row of one object of the ledger
-- reads: objects
-- params: $object
select * from objects where object_id = $object order by ingested_at desc limit 1
