-- Grain: day × shard: a hash of the links of credentials that the events of this day and shard used or handed out.
-- reads: near_sessions, days, day_links
with used as (
    select distinct s.dt, s.shard, s.credential
    from near_sessions as s
    inner join days as d on d.day = s.dt
),

-- A number for each link: their texts as a whole are dear to make and to sort.
known as (
    select day, credential, hash(l) as link from day_links as l
)

select
    u.dt,
    u.shard,
    md5(list_sort(list(k.link))::varchar) as links
from used as u
inner join known as k on k.day = u.dt and k.credential = u.credential
group by u.dt, u.shard
