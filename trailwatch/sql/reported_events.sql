-- reported_events: the events that one digest reports on, by id; others in view only let a count begin earlier.
-- reads: raw_events, unread   params: $day
select event_id
from raw_events
where dt = $day
union
select event_id
from unread
