-- Grain: day × shard: a hash of the links of credentials that the events of this day and shard used or handed out.
-- reads: near_sessions, days, day_links
with used as (
    select distinct s.dt, s.shard, s.credential
    from near_sessions as s
    inner join days as d on d.day = s.dt
)

select
    u.dt,
    u.shard,
    md5(string_agg(l::varchar, chr(10) order by l::varchar)) as links
from used as u
inner join day_links as l on l.day = u.dt and l.credential = u.credential
group by u.dt, u.shard
