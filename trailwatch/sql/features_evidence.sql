-- Grain: anomaly × feature × sample event: the activity behind a feature that was named, the weightiest first.
-- reads: activity, chosen, features_identities, action_weights, features_actions, features_firsts, features_hours
-- params: $day, $most
with cells as (
    select
        i.id,
        i.who,
        a.*,
        replace(a.event_source, '.amazonaws.com', '') || ':' || a.event_name as action,
        coalesce(w.weight, 0.5) as weight
    from activity as a
    inner join features_identities as i on i.principal = a.principal and i.person = a.person
    semi join chosen as c on c.id = i.id
    left join action_weights as w on w.action = replace(a.event_source, '.amazonaws.com', '') || ':' || a.event_name
    where
        a.dt between $day - 6 and $day and a.origin <> 'service'
        and not (a.event_source = 'signin.amazonaws.com' and a.outcome <> 'ok')
),

firsts as (
    select f.* from features_firsts as f
    semi join (select id as holder from cells union select who from cells) as c on c.holder = f.holder
),

acts as (
    select a.*, f.value as action
    from features_actions as a
    inner join firsts as f on f.number = a.number
    where a.dt between $day - 6 and $day
),

today as (select * from cells where dt = $day),

behind as (
    select id, f.feature, event_id, first_time, action as what, 1.0 + 0 * ln(events) as weighed
    from today, (values ('asleep'), ('root_use'), ('sessions'), ('targets'), ('actions')) as f(feature)
    union all
    select id, f.feature, event_id, first_time, action, events
    from today, (values ('events'), ('peak_events')) as f(feature)
    union all
    select id, 'writes', event_id, first_time, action, events from today where not coalesce(read_only, false)
    union all
    select id, 'peak_reads', event_id, first_time, action, events from today where read_only
    union all
    select id, 'sensitive', event_id, first_time, action, weight from today where weight >= 1
    union all
    select id, 'denied', event_id, first_time, action, events from today where outcome = 'denied'
    union all
    select id, 'secrets', event_id, first_time, action, events
    from today
    where event_name in (
        'GetSecretValue', 'BatchGetSecretValue', 'GetParameter', 'GetParameters', 'GetParametersByPath',
        'GetParameterHistory', 'GetPasswordData'
    )
    union all
    select t.id, f.feature, t.event_id, t.first_time, t.action, a.weighed
    from cells as t
    inner join acts as a on a.id = t.id and a.dt = t.dt and a.action = t.action and a.new
    inner join (values ('new_actions'), ('new_sensitive'), ('peer_surprise'), ('week_new')) as f(feature)
        on t.dt = $day or f.feature = 'week_new'
    union all
    select t.id, f.feature, t.event_id, t.first_time, t.action, a.unusual
    from cells as t
    inner join acts as a
        on a.id = t.id and a.dt = t.dt and a.action = t.action and a.unusual > 0
    inner join (values ('rare_actions'), ('week_rare')) as f(feature) on t.dt = $day or f.feature = 'week_rare'
    union all
    select t.id, f.feature, t.event_id, t.first_time, t.address, p.rarity
    from today as t
    inner join firsts as p
        on p.holder = t.who and p.dimension = 'address' and p.value = t.address and p.first_day = $day
    cross join (values ('address_rarity'), ('new_address_share')) as f(feature)
    where t.origin in ('direct', 'console')
    union all
    select t.id, 'new_client', t.event_id, t.first_time, t.client, p.rarity
    from today as t
    inner join firsts as p
        on p.holder = t.who and p.dimension = 'client' and p.value = t.client and p.first_day = $day
    where t.origin in ('direct', 'console')
    union all
    select t.id, 'new_region', t.event_id, t.first_time, t.region, p.rarity
    from today as t
    inner join firsts as p
        on p.holder = t.id and p.dimension = 'region' and p.value = t.region and p.first_day = $day
    where t.origin in ('direct', 'console')
    union all
    select t.id, 'new_role', t.event_id, t.first_time, t.role, p.rarity
    from today as t
    inner join firsts as p
        on p.holder = t.id and p.dimension = 'role' and p.value = t.role and p.first_day = $day
    union all
    select t.id, f.feature, t.event_id, t.first_time, lpad(t.hour::varchar, 2, '0') || ':00 UTC',
        case when f.feature = 'off_day' then h.day_surprise else h.hour_surprise end
    from today as t
    inner join features_hours as h on h.id = t.id and h.dt = t.dt and h.utc_hour = t.hour
    cross join (values ('hour_max'), ('off_day')) as f(feature)
    where t.origin in ('direct', 'console')
)

select b.id, b.feature, b.event_id, b.first_time, b.what, b.weighed
from behind as b
inner join chosen as c on c.id = b.id and c.feature = b.feature
qualify
    -- The usual hours of a day with an odd one are no evidence.
    (b.feature not in ('hour_max', 'off_day') or b.weighed >= 0.5 * max(b.weighed) over (partition by b.id, b.feature))
    and row_number() over (partition by b.id, b.feature order by b.weighed desc, b.first_time, b.event_id) <= $most
order by b.id, b.weighed desc, b.first_time, b.event_id, b.feature
