-- Grain: day × UTC hour × who (principal, principal id, person, long-term key) × what × where × with what × outcome.
-- reads: attributed
select
    dt,
    shard,
    cast(extract('hour' from event_time) as tinyint) as hour,
    account,
    principal,
    principal_id,
    person,
    long_term_key,
    identity_type,
    origin,
    event_source,
    -- The API date of a few services ("ListFunctions20150331") is no part of the action.
    split_part(action, ':', 2) as event_name,
    coalesce(aws_region, '') as region,
    address,
    client,
    outcome,
    -- Old records and some sign-in records do not say; the verb of the name does.
    coalesce(
        read_only,
        regexp_matches(event_name, '^(BatchGet|Describe|Get|Head|List|Lookup|Query|Scan|Search|Select|View)')
    ) as read_only,
    role,
    count(*) as events,
    min(event_time) as first_time,
    max(event_time) as last_time,
    -- The earliest event speaks for the group, and the least id where several came in one second.
    arg_min(event_id, (event_time, event_id)) as event_id
from attributed
group by all
