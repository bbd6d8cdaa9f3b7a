-- Grain: identity × action × day: whether it was new, and how unusual for the identity (it did other things on other
-- days) and for its peers. What somebody does one day in four is usual.
-- reads: features_present, features_firsts, features_totals, features_identities
with active as (
    select
        i.id,
        t.dt,
        count(*) over (
            partition by i.id order by t.dt range between interval 45 days preceding and interval 1 day preceding
        ) as days
    from features_totals as t
    inner join features_identities as i on i.principal = t.principal and i.person = t.person
),

used as (
    select
        p.number,
        p.holder,
        p.dt,
        count(*) over (
            partition by p.number order by p.dt range between interval 45 days preceding and interval 1 day preceding
        ) as days_before
    from features_present as p
)

select
    u.holder as id,
    u.dt,
    u.number,
    f.weight,
    f.rarity,
    u.dt = f.first_day as new,
    f.weight * least(1, f.rarity / 3) as weighed,
    (0.3 + f.weight) * least(1, f.rarity / 3) * greatest(0, -ln((u.days_before + 0.5) / (d.days + 1)) - 1.4) as unusual
from used as u
inner join features_firsts as f on f.number = u.number
inner join active as d on d.id = u.holder and d.dt = u.dt
