-- Grain: day × shard × account × principal × principal id × person, with a number that stands for them.
-- reads: activity_made (the activity of those days)
select row_number() over () as who, *
from (select distinct dt, shard, account, principal, principal_id, person from activity_made where origin <> 'service')
