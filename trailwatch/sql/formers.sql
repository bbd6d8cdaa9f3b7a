-- Grain: unique id that a user or role of this name had before it was made again, with the time of the next one.
-- reads: seen_files   params: $day
-- A reserved single sign-on role gets a new id whenever its assignments are made again, and stays the same.
with ids as (
    select principal, value as principal_id, min(first_time) as since
    from seen_files
    where dimension = 'id' and first_time < $day::date + 1 and principal not like '%/role/AWSReservedSSO\_%' escape '\'
    group by all
)

select principal, principal_id, since, lead(since) over (partition by principal order by since, principal_id) as until
from ids
qualify until is not null
