-- Grain: day × principal × person: what was new for the identity, each kind counted and weighed by its peers, and how
-- unusual the actions were that it had used before.
-- reads: features_actions, features_present, features_firsts, features_cells
with what as (
    select
        holder,
        dt,
        count(*) filter (where new) as new_actions,
        coalesce(sum(weighed) filter (where new), 0) as new_sensitive,
        coalesce(sum((0.3 + weight) * greatest(0, rarity - 1)) filter (where new), 0) as peer_surprise,
        sum(unusual) as rare_actions
    from features_actions
    group by all
),

places as (
    select
        c.dt,
        c.principal || chr(31) || c.person as holder,
        c.address,
        c.client,
        a.rarity as address_rarity,
        coalesce(a.first_day = c.dt, false) as address_new,
        b.rarity as client_rarity,
        coalesce(b.first_day = c.dt, false) as client_new,
        sum(c.events) as events
    from features_cells as c
    left join features_firsts as a on a.holder = c.who and a.dimension = 'address' and a.value = c.address
    left join features_firsts as b on b.holder = c.who and b.dimension = 'client' and b.value = c.client
    where c.interactive
    group by all
),

place_sums as (
    select
        dt,
        holder,
        coalesce(max(address_rarity) filter (where address_new), 0) as address_rarity,
        coalesce(sum(events) filter (where address_new), 0) / sum(events) as new_address_share,
        coalesce(max(client_rarity) filter (where client_new), 0) as new_client
    from places
    group by all
),

edges as (
    select
        p.dt,
        p.holder,
        coalesce(sum(f.rarity) filter (where p.dimension = 'region'), 0) as new_region,
        coalesce(sum(f.rarity) filter (where p.dimension = 'role'), 0) as new_role
    from features_present as p
    inner join features_firsts as f on f.holder = p.holder and f.dimension = p.dimension and f.value = p.value
    where p.dimension in ('region', 'role') and p.dt = f.first_day
    group by all
)

select
    w.holder,
    w.dt,
    w.new_actions,
    w.new_sensitive,
    w.peer_surprise,
    w.rare_actions,
    coalesce(s.address_rarity, 0) as address_rarity,
    coalesce(s.new_address_share, 0) as new_address_share,
    coalesce(s.new_client, 0) as new_client,
    coalesce(e.new_region, 0) as new_region,
    coalesce(e.new_role, 0) as new_role
from what as w
left join place_sums as s on s.holder = w.holder and s.dt = w.dt
left join edges as e on e.holder = w.holder and e.dt = w.dt
