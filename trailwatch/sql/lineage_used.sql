-- Grain: credential × action × outcome of what was done with the credentials of a tree.
-- reads: done
select
    credential, action, outcome,
    count(*) as events,
    min(event_time) as first_time,
    max(event_time) as last_time,
    coalesce(bool_or(not read_only), false) as writes
from done
group by all
order by credential, events desc, action
