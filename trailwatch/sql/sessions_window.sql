-- Grain: session row × day that it may explain: a session lives for up to 36 hours, so that of a day's events may have
-- been issued on that day or on the two before.
-- reads: near_sessions, days
-- Each day sees only its own rows, so that what it becomes does not depend on which days are settled together: the
-- account, by which sessions are joined, carries the day in front.
select
    s.* replace (
        d.prefix || s.account as account,
        d.prefix || s.principal as principal,
        case when s.parent_principal <> ''
            then d.prefix || s.parent_principal else '' end as parent_principal,
        case when s.shared_event_id <> ''
            then d.prefix || s.shared_event_id else '' end as shared_event_id
    )
from near_sessions as s
inner join (select day, strftime(day, '%Y-%m-%d:') as prefix from days) as d on s.dt between d.day - 2 and d.day
