-- unread_events: the events of an earlier day that no digest has read.
-- reads: stored_events, events_before   params: $after, $until
select distinct e.event_id
from stored_events e
anti join (select event_id from events_before where ingested_at <= $after) b using (event_id)
where e.ingested_at <= $until
