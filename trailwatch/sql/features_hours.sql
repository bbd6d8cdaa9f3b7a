-- Grain: day × identity × UTC hour of use, from $first on: how unusual the hour and the day of the week are for the
-- person in its own zone, in nats. Usual is what the eight weeks before had: a week does not vouch for itself.
-- reads: features_totals, features_identities, features_local
-- params: $first
with used as (
    select i.who, i.zone, t.dt, bit_or(t.hours) as hours
    from features_totals as t
    inner join features_identities as i on i.principal = t.principal and i.person = t.person
    where t.hours <> 0
    group by i.who, i.zone, t.dt
),

counts as (
    select u.who, l.week, l.weekend, l.local_hour, count(*) as days
    from used as u
    inner join features_local as l
        on l.zone = u.zone and l.dt = u.dt and (u.hours & (1::integer << l.utc_hour::integer)) <> 0
    group by all
),

-- An hour also counts, by half, for its neighbours.
spread as (
    select
        c.who,
        c.week,
        c.weekend,
        ((c.local_hour + n.shift + 24) % 24)::tinyint as slot,
        least(sum(c.days * n.share), case when c.weekend then 2 else 5 end) as days
    from counts as c
    cross join (values (-1, 0.5), (0, 1.0), (1, 0.5)) as n(shift, share)
    group by c.who, c.week, c.weekend, slot
),

slots as (
    select
        *,
        coalesce(sum(days) over (
            partition by who, slot order by week range between 8 preceding and 1 preceding
        ), 0) as days_all,
        coalesce(sum(days) over (
            partition by who, slot, weekend order by week range between 8 preceding and 1 preceding
        ), 0) as days_kind
    from spread
),

days as (
    select distinct u.who, l.local_day, l.week, l.weekday, l.weekend
    from used as u
    inner join features_local as l
        on l.zone = u.zone and l.dt = u.dt and (u.hours & (1::integer << l.utc_hour::integer)) <> 0
),

active as (
    select
        *,
        count(*) over (partition by who order by week range between 8 preceding and 1 preceding) as active_all,
        count(*) over (partition by who, weekend order by week range between 8 preceding and 1 preceding)
            as active_kind,
        count(*) over (partition by who, weekday order by week range between 8 preceding and 1 preceding)
            as active_weekday,
        least(8, week - min(week) over (partition by who)) as weeks
    from days
)

select
    t.dt,
    i.id,
    l.utc_hour,
    -- This kind of day, smoothed toward all days by the weight of four.
    -ln((s.days_kind + 4 * (s.days_all + 0.25) / (a.active_all + 1)) / (a.active_kind + 4)) as hour_surprise,
    -ln((a.active_weekday + 0.5) / (a.weeks + 1)) as day_surprise
from features_totals as t
inner join features_identities as i on i.principal = t.principal and i.person = t.person
inner join features_local as l
    on l.zone = i.zone and l.dt = t.dt and (t.hours & (1::integer << l.utc_hour::integer)) <> 0
inner join slots as s on s.who = i.who and s.week = l.week and s.weekend = l.weekend and s.slot = l.local_hour
inner join active as a on a.who = i.who and a.local_day = l.local_day
where t.dt >= $first
