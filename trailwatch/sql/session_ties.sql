-- Grain: session row, with all by which it may be joined with others.
-- reads: near_sessions
select
    number, credential, parent_credential, shared_event_id, principal, session_name, issued_time,
    -- The name of a console session holds the second that its keys call their creation.
    try_cast(split_part(credential, '@', -1) as timestamptz) as named_time
from near_sessions
