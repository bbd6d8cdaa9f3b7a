-- Grain: holder × action × day: whether it was new, and how unusual for the holder (it did other things on other days)
-- and for its peers. What somebody does one day in four is usual.
-- reads: features_present, features_firsts
with active as (
    select
        holder,
        dt,
        count(*) over (
            partition by holder order by dt range between interval 45 days preceding and interval 1 day preceding
        ) as days
    from (select distinct holder, dt from features_present where dimension = 'action')
),

actions as (
    select
        p.holder,
        p.dt,
        p.value as action,
        f.weight,
        f.rarity,
        p.dt = f.first_day as new,
        count(*) over (
            partition by p.holder, p.value order by p.dt
            range between interval 45 days preceding and interval 1 day preceding
        ) as days_before
    from features_present as p
    inner join features_firsts as f on f.holder = p.holder and f.dimension = p.dimension and f.value = p.value
    where p.dimension = 'action'
)

select
    a.holder,
    a.dt,
    a.action,
    a.weight,
    a.rarity,
    a.new,
    a.weight * least(1, a.rarity / 3) as weighed,
    (0.3 + a.weight) * least(1, a.rarity / 3) * greatest(0, -ln((a.days_before + 0.5) / (d.days + 1)) - 1.4) as unusual
from actions as a
inner join active as d on d.holder = a.holder and d.dt = a.dt
