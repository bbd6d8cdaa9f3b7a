-- Grain: zone × day × UTC hour: the local day and hour. Half past: zones at odd half hours stay in their hour.
-- reads: features_identities, features_totals
select
    zone,
    dt,
    utc_hour,
    local_time::date as local_day,
    hour(local_time)::tinyint as local_hour,
    isodow(local_time)::tinyint as weekday,
    isodow(local_time) >= 6 as weekend,
    ((local_time::date - date '1970-01-05') // 7)::integer as week
from (
    select
        z.zone,
        d.dt,
        h.range::tinyint as utc_hour,
        timezone(z.zone, d.dt::timestamp at time zone 'UTC' + to_minutes(60 * h.range + 30)) as local_time
    from (select distinct zone from features_identities) as z
    cross join (select distinct dt from features_totals) as d
    cross join range(24) as h
)
