-- spanned_events: the stored events that one digest may look at: those ingested until it was made.
-- reads: stored_events, looked_at   params: none
select e.*
from stored_events e
join looked_at l on l.dt = e.dt
where e.ingested_at <= l.until and e.event_time >= l.since
