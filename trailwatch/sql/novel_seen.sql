-- novel_seen: one row per detection, subject, value and day on which the store had never seen the value for the subject.
-- reads: used, asked, known, peers
with wanted as (
    select u.*, a.dimension, a.kind, a.peers, a.learning_days
    from used u join asked a using (rule)
),

uses as (
    select 'principal' as kind, principal as subject, dimension, value, first_time from known
    union all
    select 'person' as kind, person as subject, dimension, value, first_time from known where person <> ''
    union all
    select 'account' as kind, account as subject, dimension, value, first_time from known
),

before as (
    select kind, subject, dimension, value, min(first_time) as first_time
    from uses semi join wanted using (kind, subject, dimension, value)
    group by all
),

novel as (
    select w.*
    from wanted w left join before b using (kind, subject, dimension, value)
    where b.first_time is null or b.first_time >= cast(w.day as timestamptz)
),

starts as (
    select kind, subject, min(first_time) as first_time
    from uses semi join novel using (kind, subject)
    group by all
),

-- Peers are the group, where that is large enough to say something, else the account.
grouped as (
    select kind, subject, peer_group, count(*) over (partition by kind, peer_group) as size
    from (
        select 'principal' as kind, principal as subject, peer_group from peers where peer_group <> ''
        union
        select 'person', person, peer_group from peers where peer_group <> '' and person <> ''
    )
),

large as (select kind, subject, 'group ' || peer_group as circle from grouped where size > 5),

present as (
    select 'principal' as kind, principal as subject, account from known
    union
    select 'person', person, account from known where person <> ''
),

circles as (
    from large
    union
    select p.kind, p.subject, 'account ' || p.account from present p anti join large using (kind, subject)
    union
    select distinct 'account', account, 'all' from known
),

members as (
    select kind, subject, circle from circles
    union
    select kind, subject, 'account ' || account from present
),

asked_circles as (
    select distinct n.kind, n.subject, n.dimension, n.value, n.day, c.circle
    from novel n join circles c using (kind, subject)
    where n.peers
),

using_it as (
    select u.kind, u.subject, u.dimension, u.value, min(u.first_time) as first_time
    from uses u semi join asked_circles using (kind, dimension, value)
    group by all
),

compared as (
    select
        a.kind, a.subject, a.dimension, a.value, a.day,
        count(distinct m.subject) as others,
        count(distinct case when u.first_time < cast(a.day as timestamptz) then m.subject end) as others_using
    from asked_circles a
    join members m on m.kind = a.kind and m.circle = a.circle and m.subject <> a.subject
    left join using_it u
        on u.kind = m.kind and u.subject = m.subject and u.dimension = a.dimension and u.value = a.value
    group by all
)

select
    n.*,
    s.first_time as subject_since,
    coalesce(c.others, 0) as others,
    coalesce(c.others_using, 0) as others_using,
    -- The first weeks only teach; and of a few active days nobody can say what is usual.
    s.first_time is null or date_diff('day', s.first_time, cast(n.day as timestamptz)) < n.learning_days
        or (n.kind <> 'account' and n.days_known < 3) as learning,
    case
        when not n.peers then true
        when coalesce(c.others, 0) < 5 then coalesce(c.others_using, 0) = 0
        else c.others_using <= c.others / 10.0
    end as rare
from novel n
left join starts s using (kind, subject)
left join compared c using (kind, subject, dimension, value, day)
