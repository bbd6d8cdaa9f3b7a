-- Grain: session row of a wanted credential, or of one of the same call or the same second of the same session name.
-- reads: stored_sessions, wanted, sessions_window
with direct as materialized (
    select s.* from stored_sessions as s semi join wanted using (credential)
),

-- Both sides of one call across accounts, and the sign-in that a console key hangs below: the ways of links.sql.
calls as (select distinct shared_event_id from direct where shared_event_id <> ''),

names as (
    select distinct principal, session_name, issued_time + to_seconds(slack) as issued_time
    from direct, (select unnest([-2, -1, 0, 1, 2]) as slack)
    where issued_time is not null and session_name <> ''
),

found as (
    select * from direct
    union
    select s.* from stored_sessions as s semi join calls using (shared_event_id)
    union
    select s.* from stored_sessions as s semi join names using (principal, session_name, issued_time)
)

select * from found
except
select * from sessions_window
