-- novel_files: the same as novel_seen where there is no store: a value that its subject did not use in the time before,
-- within these files. The first part of the files, for each subject, only teaches.
-- reads: used, asked, scope   params: $learning_seconds
with wanted as (
    select u.*, a.dimension, a.kind, a.peers, a.learning_days
    from used u join asked a using (rule)
    qualify row_number() over (partition by u.rule, u.subject, u.value order by u.first_time, u.day) = 1
),

starts as (
    select kind, subject, min(first_time) as first_time
    from (
        select 'principal' as kind, principal as subject, event_time as first_time from scope
        union all
        select 'person' as kind, person as subject, event_time as first_time from scope where person <> ''
        union all
        select 'account' as kind, account as subject, event_time as first_time from scope
    )
    group by all
),

-- Of one value, how many others of the account used it before; of one detection, how many others there are.
compared as (
    select
        rule, subject, value,
        rank() over (partition by rule, account, value order by first_time) - 1 as others_using,
        (count(distinct subject) over (partition by rule, account)) - 1 as others
    from wanted
)

select
    w.*,
    s.first_time as subject_since,
    coalesce(c.others, 0) as others,
    coalesce(c.others_using, 0) as others_using,
    epoch(w.first_time) - epoch(s.first_time) < $learning_seconds as learning,
    not w.peers or coalesce(c.others_using, 0) = 0 as rare
from wanted w
join starts s using (kind, subject)
left join compared c using (rule, subject, value)
