-- reported_events: the events that one digest reports on, by id; others in view only let a count begin earlier.
-- reads: raw_events, reported_spans   params: none
select distinct e.event_id
from raw_events e
join reported_spans s on s.dt = e.dt and e.ingested_at > s.after and e.ingested_at <= s.until
