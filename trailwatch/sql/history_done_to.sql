-- Grain: call that changed what is asked, or made, used up or removed it.
-- reads: attributed
select
    event_time as time, action, outcome, person, principal, address as network, target, issued_key as key, event_id
from attributed
where origin <> 'service'
order by event_time, event_id
limit 200
