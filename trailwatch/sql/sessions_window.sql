-- Grain: session row × day that it may explain: a session lives for up to 36 hours, so that of a day's events may have
-- been issued on that day or on the two before. Of the days before only the kin of what the day itself holds.
-- reads: near_sessions, kin, days
-- Each day sees only its own rows, so that what it becomes does not depend on which days are settled together: the
-- account, by which sessions are joined, carries the day in front.
with kept as (
    select number, day, strftime(day, '%Y-%m-%d:') as prefix
    from days
    inner join (
        select k.number, k.kin, s.dt from kin as k inner join near_sessions as s using (number)
    ) as near on near.dt between day - 2 and day
    semi join (
        select distinct k.kin, s.dt as day from kin as k inner join near_sessions as s using (number)
    ) as own using (kin, day)
)

select
    s.* exclude (number) replace (
        k.prefix || s.account as account,
        k.prefix || s.principal as principal,
        case when s.parent_principal <> ''
            then k.prefix || s.parent_principal else '' end as parent_principal,
        case when s.shared_event_id <> ''
            then k.prefix || s.shared_event_id else '' end as shared_event_id
    )
from near_sessions as s
inner join kept as k using (number)
