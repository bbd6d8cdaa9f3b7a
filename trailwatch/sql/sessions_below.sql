-- Grain: session row that came from a wanted credential, or that tells how such a one was used.
-- reads: stored_sessions, wanted, sessions_window
with children as (
    select s.* from stored_sessions as s semi join (select credential as parent_credential from wanted)
        using (parent_credential)
),

named as (select distinct credential from children where credential <> ''),

-- Both sides of a call across accounts: the called side does not name the key that called.
calls as (select distinct shared_event_id from children where shared_event_id <> '')

select * from (
    select * from children
    union
    select s.* from stored_sessions as s semi join named using (credential)
    union
    select s.* from stored_sessions as s semi join calls using (shared_event_id)
)
except
select * from sessions_window
