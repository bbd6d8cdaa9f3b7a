-- findings_held: one row per finding, with every event that a digest since $start has shown for it.
-- reads: findings   params: $start
select id, list_distinct(flatten(list(event_ids))) as event_ids
from findings
where dt >= $start and len(event_ids) > 0
group by id
order by id
