-- distinct_read_events: one row per event of a scan; which of several equal records stays does not matter.
-- reads: read_events
select *
from read_events
qualify row_number() over (partition by event_id order by ingested_at, object_id) = 1
