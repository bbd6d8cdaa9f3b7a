-- Grain: holder × dimension × value: the day on which the holder first had it over all history, and how rare it was
-- among its peers then, in nats. Peers who begin on the same day count half: a team that adopts a tool is no surprise.
-- reads: features_present, features_seen, features_holders
with firsts as (
    select
        p.holder,
        p.dimension,
        p.value,
        case when p.dimension in ('address', 'client') then 'where' else 'what' end as scope,
        least(min(p.dt), min(s.first_day)) as first_day,
        max(p.weight) as weight
    from features_present as p
    left join features_seen as s
        on s.holder = p.holder and s.dimension = p.dimension and s.value = p.value
    group by all
),

groups as (
    select scope, peer, count(*) as holders, sum(count(*)) over (partition by scope) as everybody
    from features_holders
    group by scope, peer
),

counted as (
    select
        f.*,
        h.peer,
        count(*) over earlier_peers + 0.5 * (count(*) over same_day_peers - 1) as peers_before,
        count(*) over earlier + 0.5 * (count(*) over same_day - 1) as all_before
    from firsts as f
    inner join features_holders as h on h.scope = f.scope and h.holder = f.holder
    window
        earlier_peers as (
            partition by f.dimension, f.value, h.peer order by f.first_day
            range between unbounded preceding and interval 1 day preceding
        ),
        same_day_peers as (partition by f.dimension, f.value, h.peer, f.first_day),
        earlier as (
            partition by f.dimension, f.value order by f.first_day
            range between unbounded preceding and interval 1 day preceding
        ),
        same_day as (partition by f.dimension, f.value, f.first_day)
)

select
    c.holder,
    c.dimension,
    c.value,
    c.first_day,
    c.weight,
    -- The peer group's share, smoothed toward everybody's by the weight of two peers; nobody yet counts as half a peer.
    -ln((c.peers_before + 0.5 + 2 * c.all_before / (g.everybody + 1)) / (g.holders + 3)) as rarity
from counted as c
inner join groups as g on g.scope = c.scope and g.peer = c.peer
