-- Grain: day × principal × person, one column a feature (`x_` how much, `n_` how new, `y_` a week's sum); counts as ln(1 + n), surprises in nats.
-- reads: features_cells, features_new, features_hours, features_gaps, features_holders, identity_days
with base as (
    select
        dt,
        principal,
        person,
        principal || chr(31) || person as holder,
        sum(events) as events,
        coalesce(sum(events) filter (where writes), 0) as writes,
        count(distinct action) as actions,
        coalesce(sum(events) filter (where denied), 0) as denied,
        count(distinct action) filter (where weight >= 1) as sensitive
    from features_cells
    group by all
),

peaks as (
    select
        dt,
        principal || chr(31) || person as holder,
        max(peak_events) as peak_events,
        max(peak_reads) as peak_reads,
        sum(targets) as targets,
        sum(secrets) as secrets,
        sum(sessions) as sessions
    from identity_days
    group by all
),

keys as (
    select c.dt, c.principal || chr(31) || c.person as holder, max(ln(1 + g.gap) - ln(1 + g.longest)) as asleep
    from (select distinct dt, principal, person, long_term_key from features_cells where long_term_key <> '') as c
    inner join features_gaps as g on g.scope = 'key' and g.holder = c.long_term_key and g.dt = c.dt
    group by all
),

times as (
    select dt, holder, greatest(0, max(hour_surprise)) as hour_max, greatest(0, max(day_surprise)) as off_day
    from features_hours
    group by all
),

joined as (
    select
        b.*,
        h.peer,
        g.active_days,
        g.first_day,
        b.principal like '%/root' as root,
        n.* exclude (holder, dt),
        coalesce(t.hour_max, 0) as hour_max,
        coalesce(t.off_day, 0) as off_day,
        greatest(0, ln(1 + g.gap) - ln(1 + g.longest), coalesce(k.asleep, 0)) as asleep,
        coalesce(p.peak_events, 0) as peak_events,
        coalesce(p.peak_reads, 0) as peak_reads,
        coalesce(p.targets, 0) as targets,
        coalesce(p.secrets, 0) as secrets,
        coalesce(p.sessions, 0) as sessions,
        count(*) over (
            partition by b.holder order by b.dt range between interval 90 days preceding and interval 1 day preceding
        ) as recent_days
    from base as b
    inner join features_holders as h on h.scope = 'what' and h.holder = b.holder
    inner join features_new as n on n.holder = b.holder and n.dt = b.dt
    inner join features_gaps as g on g.scope = 'what' and g.holder = b.holder and g.dt = b.dt
    left join times as t on t.holder = b.holder and t.dt = b.dt
    left join keys as k on k.holder = b.holder and k.dt = b.dt
    left join peaks as p on p.holder = b.holder and p.dt = b.dt
)

select
    dt,
    principal,
    person,
    peer,
    root,
    active_days,
    first_day,
    ln(1 + events) as x_events,
    ln(1 + writes) as x_writes,
    ln(1 + actions) as x_actions,
    ln(1 + sensitive) as x_sensitive,
    ln(1 + denied) as x_denied,
    ln(1 + new_actions) as n_new_actions,
    ln(1 + new_sensitive) as n_new_sensitive,
    ln(1 + peer_surprise) as n_peer_surprise,
    ln(1 + rare_actions) as n_rare_actions,
    address_rarity as n_address_rarity,
    new_address_share as n_new_address_share,
    new_client as n_new_client,
    ln(1 + new_region) as n_new_region,
    ln(1 + new_role) as n_new_role,
    hour_max as n_hour_max,
    off_day as n_off_day,
    asleep as x_asleep,
    case when root then -ln((recent_days + 0.5) / 91) else 0 end as x_root_use,
    ln(1 + peak_events) as x_peak_events,
    ln(1 + peak_reads) as x_peak_reads,
    ln(1 + targets) as x_targets,
    ln(1 + secrets) as x_secrets,
    ln(1 + sessions) as x_sessions,
    -- A week adds up what a little of each day was odd, whatever principal the person used. One loud day must not echo
    -- through it: a day counts up to a limit, and only while the identity goes on.
    case when peer_surprise > 0 then ln(1 + sum(least(peer_surprise, 3)) over week) else 0 end as y_week_new,
    case when rare_actions > 0 then ln(1 + sum(least(rare_actions, 2)) over week) else 0 end as y_week_rare
from joined
window week as (
    partition by case when person <> '' then person else principal end order by dt
    range between interval 6 days preceding and current row
)
