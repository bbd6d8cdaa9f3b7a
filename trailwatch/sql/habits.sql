-- Grain: kind (person, principal) × value × hour of the week in its own zone (0 = Monday 00:00), all 168 of them.
-- reads: used_days, time_zones   params: $day
-- An hour counts once however much happened in it; only what somebody did directly or in the console counts.
with used as (
    select
        if(person <> '', 'person', 'principal') as kind,
        if(person <> '', person, principal) as value,
        dt,
        bit_or(hours) as hours
    from used_days
    where dt < $day::date and origin in ('direct', 'console') and not failed_sign_in
    group by all
),

zoned as (
    select used.*, coalesce(z.time_zone, 'UTC') as time_zone
    from used
    left join time_zones as z on z.subject = used.value
),

-- Half past: the middle of an hour stays in its hour in zones at odd half hours.
clock as (
    select
        d.time_zone,
        d.dt,
        h.range as utc_hour,
        timezone(d.time_zone, (d.dt::timestamp + to_minutes(60 * h.range + 30)) at time zone 'UTC') as local_time
    from (select distinct time_zone, dt from zoned) as d
    cross join range(24) as h
),

times as (
    select
        time_zone, dt, utc_hour,
        (isodow(local_time) - 1) * 24 + hour(local_time) as slot,
        date_trunc('week', local_time)::date as week,
        local_time::date as local_day
    from clock
),

local as (
    select z.kind, z.value, z.time_zone, t.slot, t.week, t.local_day
    from zoned as z
    inner join times as t
        on t.time_zone = z.time_zone and t.dt = z.dt and (z.hours & (1::integer << t.utc_hour::integer)) <> 0
),

slots as (
    select kind, value, time_zone, slot, count(*) as hours
    from local
    group by all
),

totals as (
    select
        kind, value, time_zone,
        count(*) as hours,
        count(distinct week) as weeks,
        count(distinct local_day) as days
    from local
    group by all
),

-- An hour also counts for its neighbours: nobody starts at the same minute each day.
spread as (
    select kind, value, (slot + shift + 168) % 168 as hour_of_week, sum(hours) as near
    from slots, (values (-1), (0), (1)) as around(shift)
    group by all
)

select
    totals.kind,
    totals.value,
    totals.time_zone,
    week.hour_of_week::integer as hour_of_week,
    totals.weeks,
    totals.days,
    totals.hours,
    coalesce(slots.hours, 0)::bigint as own,
    coalesce(spread.near, 0)::bigint as near,
    -- Laplace's smoothing over the 56 bands of three hours: never seen is rare, not impossible.
    (coalesce(spread.near, 0) + 1) / (totals.hours + 56.0) as share
from totals
cross join range(168) as week(hour_of_week)
left join spread
    on spread.kind = totals.kind and spread.value = totals.value and spread.hour_of_week = week.hour_of_week
left join slots
    on slots.kind = totals.kind and slots.value = totals.value and slots.slot = week.hour_of_week
