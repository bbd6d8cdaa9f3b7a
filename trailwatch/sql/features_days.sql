-- Grain: day × principal × person, one column a feature (`x_` how much, `n_` how new, `y_` a week's sum); counts as
-- ln(1 + n), surprises in nats.
-- reads: features_totals, features_identities, features_new, features_hours, features_gaps, identity_days, seen
-- params: $start
with peaks as (
    select
        dt,
        principal,
        person,
        max(peak_events) as peak_events,
        max(peak_reads) as peak_reads,
        sum(targets) as targets,
        sum(secrets) as secrets,
        sum(sessions) as sessions
    from identity_days
    group by all
),

keys as (
    select k.id, k.dt, max(g.asleep) as asleep
    from (
        select distinct i.id, s.value, s.month + (unnest(s.days_seen)::integer - 1) as dt
        from seen as s
        inner join features_identities as i on i.principal = s.principal and i.person = s.person
        where s.dimension = 'key' and s.month >= date_trunc('month', $start)
    ) as k
    inner join features_gaps as g on g.long_term_key = k.value and g.dt = k.dt
    group by all
),

times as (
    select dt, id, greatest(0, max(hour_surprise)) as hour_max, greatest(0, max(day_surprise)) as off_day
    from features_hours
    group by all
),

joined as (
    select
        t.*,
        i.id,
        i.who,
        i.peer,
        i.root,
        g.active_days,
        g.first_day,
        n.* exclude (id, dt),
        coalesce(h.hour_max, 0) as hour_max,
        coalesce(h.off_day, 0) as off_day,
        greatest(g.asleep, coalesce(k.asleep, 0)) as asleep,
        coalesce(p.peak_events, 0) as peak_events,
        coalesce(p.peak_reads, 0) as peak_reads,
        coalesce(p.targets, 0) as targets,
        coalesce(p.secrets, 0) as secrets,
        coalesce(p.sessions, 0) as sessions,
        count(*) over (
            partition by i.id order by t.dt range between interval 90 days preceding and interval 1 day preceding
        ) as recent_days
    from features_totals as t
    inner join features_identities as i on i.principal = t.principal and i.person = t.person
    inner join features_gaps as g on g.id = i.id and g.dt = t.dt
    left join features_new as n on n.id = i.id and n.dt = t.dt
    left join times as h on h.id = i.id and h.dt = t.dt
    left join keys as k on k.id = i.id and k.dt = t.dt
    left join peaks as p on p.principal = t.principal and p.person = t.person and p.dt = t.dt
)

select
    dt,
    id,
    principal,
    person,
    peer,
    root,
    active_days,
    first_day,
    ln(1 + events) as x_events,
    ln(1 + writes) as x_writes,
    ln(1 + coalesce(actions, 0)) as x_actions,
    ln(1 + coalesce(sensitive, 0)) as x_sensitive,
    ln(1 + denied) as x_denied,
    ln(1 + peak_events) as x_peak_events,
    ln(1 + peak_reads) as x_peak_reads,
    ln(1 + targets) as x_targets,
    ln(1 + secrets) as x_secrets,
    ln(1 + sessions) as x_sessions,
    ln(1 + coalesce(new_actions, 0)) as n_new_actions,
    ln(1 + coalesce(new_sensitive, 0)) as n_new_sensitive,
    ln(1 + coalesce(peer_surprise, 0)) as n_peer_surprise,
    ln(1 + coalesce(rare_actions, 0)) as n_rare_actions,
    coalesce(address_rarity, 0) as n_address_rarity,
    coalesce(new_address_events / greatest(own_events, 1), 0) as n_new_address_share,
    coalesce(new_client, 0) as n_new_client,
    ln(1 + coalesce(new_region, 0)) as n_new_region,
    ln(1 + coalesce(new_role, 0)) as n_new_role,
    hour_max as n_hour_max,
    off_day as n_off_day,
    asleep as x_asleep,
    case when root then -ln((recent_days + 0.5) / 91) else 0 end as x_root_use,
    -- A week adds up what a little of each day was odd, whatever principal the person used. One loud day must not echo
    -- through it: a day counts up to a limit, and only while the identity goes on.
    case when peer_surprise > 0 then ln(1 + sum(least(peer_surprise, 3)) over week) else 0 end as y_week_new,
    case when rare_actions > 0 then ln(1 + sum(least(rare_actions, 2)) over week) else 0 end as y_week_rare
from joined
window week as (partition by who order by dt range between interval 6 days preceding and current row)
