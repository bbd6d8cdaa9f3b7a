-- Grain: holder × dimension × value, numbered: the day on which the holder first had it over all history, and how rare
-- it was among its peers then, in nats. Actions, regions and roles are held by principal and person together (`id`),
-- addresses and clients by the person (`who`). Peers who begin on the same day count half: a team that adopts a tool is
-- no surprise.
-- reads: known, features_identities, action_weights
-- params: $start, $day
with firsts as (
    select
        case when k.dimension in ('address', 'client') then i.who else i.id end as holder,
        k.dimension,
        k.value,
        min(k.first_time)::date as first_day
    from known as k
    inner join features_identities as i on i.principal = k.principal and i.person = k.person
    where
        k.dimension in ('action', 'region', 'role', 'address', 'client') and k.first_time < $day::date + 1
    group by all
    having max(k.last_month) >= date_trunc('month', $start)
),

holders as (
    select id as holder, 'what' as scope, peer from features_identities
    union all
    select distinct who, 'where', peer from features_identities
),

groups as (
    select scope, peer, count(*) as holders, sum(count(*)) over (partition by scope) as everybody
    from holders
    group by scope, peer
),

counted as (
    select
        f.*,
        h.scope,
        h.peer,
        count(*) over earlier_peers + 0.5 * (count(*) over same_day_peers - 1) as peers_before,
        count(*) over earlier + 0.5 * (count(*) over same_day - 1) as all_before
    from firsts as f
    inner join holders as h on h.holder = f.holder
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
    row_number() over (order by c.dimension, c.value, c.holder)::integer as number,
    c.holder,
    c.dimension,
    c.value,
    c.first_day,
    coalesce(w.weight, 1) as weight,
    -- The peer group's share, smoothed toward everybody's by the weight of two peers; nobody yet counts as half a peer.
    -ln((c.peers_before + 0.5 + 2 * c.all_before / (g.everybody + 1)) / (g.holders + 3)) as rarity
from counted as c
inner join groups as g on g.scope = c.scope and g.peer = c.peer
left join action_weights as w on c.dimension = 'action' and w.action = c.value
