-- Grain: day × identity: what was new for it, each kind counted and weighed by its peers, how unusual the actions were
-- that it had used before, and how broad the day was.
-- reads: features_actions, features_firsts, features_identities, activity
-- params: $start, $day
with what as (
    select
        id,
        dt,
        count(*) as actions,
        count(*) filter (where weight >= 1) as sensitive,
        count(*) filter (where new) as new_actions,
        coalesce(sum(weighed) filter (where new), 0) as new_sensitive,
        coalesce(sum((0.3 + weight) * greatest(0, rarity - 1)) filter (where new), 0) as peer_surprise,
        sum(unusual) as rare_actions
    from features_actions
    group by all
),

first_uses as (
    select holder, dimension, value, first_day, rarity from features_firsts where first_day between $start and $day
),

-- Only the days on which a person's network or client was a first; whose principal used it, the activity says.
places as (
    select
        i.id,
        a.dt,
        coalesce(max(n.rarity), 0) as address_rarity,
        coalesce(sum(a.events) filter (where n.holder is not null), 0) as new_address_events,
        coalesce(max(c.rarity), 0) as new_client
    from activity as a
    inner join features_identities as i on i.principal = a.principal and i.person = a.person
    semi join (
        select holder, first_day from first_uses where dimension in ('address', 'client')
    ) as f on f.holder = i.who and f.first_day = a.dt
    left join first_uses as n
        on n.dimension = 'address' and n.holder = i.who and n.value = a.address and n.first_day = a.dt
    left join first_uses as c
        on c.dimension = 'client' and c.holder = i.who and c.value = a.client and c.first_day = a.dt
    where
        a.origin in ('direct', 'console')
        and not (a.event_source = 'signin.amazonaws.com' and a.outcome <> 'ok')
    group by all
),

edges as (
    select
        holder as id,
        first_day as dt,
        coalesce(sum(rarity) filter (where dimension = 'region'), 0) as new_region,
        coalesce(sum(rarity) filter (where dimension = 'role'), 0) as new_role
    from first_uses
    where dimension in ('region', 'role')
    group by all
)

select
    w.*,
    coalesce(p.address_rarity, 0) as address_rarity,
    coalesce(p.new_address_events, 0) as new_address_events,
    coalesce(p.new_client, 0) as new_client,
    coalesce(e.new_region, 0) as new_region,
    coalesce(e.new_role, 0) as new_role
from what as w
left join places as p on p.id = w.id and p.dt = w.dt
left join edges as e on e.id = w.id and e.dt = w.dt
