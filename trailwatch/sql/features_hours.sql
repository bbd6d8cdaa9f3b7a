-- Grain: day × principal × person × UTC hour of use: how unusual the hour and the day of the week are for the person
-- in its own zone, in nats.
-- reads: features_cells, zones
with used as (
    select
        c.dt,
        c.principal || chr(31) || c.person as holder,
        c.who,
        bit_or(c.hours) as hours,
        coalesce(any_value(z.zone), 'UTC') as zone
    from features_cells as c
    left join zones as z on z.who = c.who
    where c.interactive
    group by c.dt, c.principal, c.person, c.who
),

moments as (
    select
        dt,
        holder,
        who,
        h.hour::tinyint as hour,
        -- Half past: zones at odd half hours stay in their hour.
        timezone(zone, dt::timestamp at time zone 'UTC' + to_minutes(60 * h.hour + 30)) as local_time
    from used, range(24) as h(hour)
    where (hours & (1::integer << h.hour::integer)) <> 0
),

located as (
    select
        dt,
        holder,
        who,
        hour as utc_hour,
        local_time::date as local_day,
        hour(local_time) as local_hour,
        isodow(local_time) as weekday,
        isodow(local_time) >= 6 as weekend
    from moments
),

-- An hour also counts, by half, for its neighbours.
spread as (
    select who, local_day, weekend, (local_hour + n.shift + 24) % 24 as slot, max(n.share) as share
    from (select distinct who, local_day, weekend, local_hour from located),
        (values (-1, 0.5), (0, 1.0), (1, 0.5)) as n(shift, share)
    group by all
),

slots as (
    select
        who,
        local_day,
        slot,
        coalesce(sum(share) over (
            partition by who, slot order by local_day
            range between interval 60 days preceding and interval 1 day preceding
        ), 0) as days_all,
        coalesce(sum(share) over (
            partition by who, slot, weekend order by local_day
            range between interval 60 days preceding and interval 1 day preceding
        ), 0) as days_kind
    from spread
),

days as (
    select
        who,
        local_day,
        count(*) over (
            partition by who order by local_day
            range between interval 60 days preceding and interval 1 day preceding
        ) as active_all,
        count(*) over (
            partition by who, weekend order by local_day
            range between interval 60 days preceding and interval 1 day preceding
        ) as active_kind,
        count(*) over (
            partition by who, weekday order by local_day
            range between interval 56 days preceding and interval 1 day preceding
        ) as active_weekday,
        least(8, (local_day - min(local_day) over (partition by who)) // 7) as weeks
    from (select distinct who, local_day, weekend, weekday from located)
)

select
    l.dt,
    l.holder,
    l.utc_hour,
    -- This kind of day, smoothed toward all days by the weight of four.
    -ln((s.days_kind + 4 * (s.days_all + 0.25) / (d.active_all + 1)) / (d.active_kind + 4)) as hour_surprise,
    -ln((least(d.active_weekday, d.weeks) + 0.5) / (d.weeks + 1)) as day_surprise
from located as l
inner join slots as s on s.who = l.who and s.local_day = l.local_day and s.slot = l.local_hour
inner join days as d on d.who = l.who and d.local_day = l.local_day
