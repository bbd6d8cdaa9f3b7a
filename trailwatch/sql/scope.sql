-- scope: one row per event in view, with what the configuration and the history say about it.
-- reads: attributed, first_uses, identities, places, account_names, rhythms, habits, facts
with told as (
    select
        a.*,
        coalesce(i.time_zone, '') as time_zone,
        timezone(coalesce(nullif(i.time_zone, ''), 'UTC'), a.event_time) as local_time,
        i.shifts, i.holidays, i.duty, i.ends, i.allowed,
        coalesce(i.endpoints_decide, false) as endpoints_decide,
        p.networks, p.endpoints, p.network, p.asn, p.country
    from attributed a
    left join identities i
        on i.person = a.person and i.principal = a.principal and i.session_name = a.session_name
        and i.source_identity = coalesce(a.source_identity, '')
    left join places p
        on p.ip = coalesce(a.ip, '') and p.vpc_endpoint_id = coalesce(a.vpc_endpoint_id, '')
),

timed as (
    select
        *,
        hour(local_time) * 60 + minute(local_time) as local_minute,
        isodow(local_time) - 1 as weekday,
        (isodow(local_time) - 1) * 24 + hour(local_time) as hour_of_week
    from told
)

select
    t.* exclude (
        shifts, holidays, duty, ends, allowed, endpoints_decide, networks, endpoints, network, asn, country,
        local_minute, weekday, hour_of_week
    ),
    case
        when len(coalesce(t.shifts, [])) = 0 or t.time_zone = '' then ''
        when len(list_filter(t.duty, lambda d: t.event_time >= d.first_time and t.event_time < d.last_time)) > 0
            then 'in'
        -- The part after midnight of an overnight shift belongs to the day on which it began.
        when len(list_filter(t.shifts, lambda s: s.weekday = t.weekday and t.local_minute >= s.first_minute
            and t.local_minute < s.end_minute
            and list_position(t.holidays, cast(t.local_time as date) - s.days_back) is null)) > 0 then 'in'
        else 'out'
    end as shift,
    coalesce(t.network, '') as network,
    case
        when len(coalesce(t.allowed, [])) = 0 or t.origin not in ('direct', 'console') then ''
        when coalesce(t.vpc_endpoint_id, '') <> '' and t.endpoints_decide
            then if(list_has_any(coalesce(t.endpoints, []), t.allowed), 'inside', 'outside')
        when t.ip is null then if(list_has_any(coalesce(t.endpoints, []), t.allowed), 'inside', '')
        else if(list_has_any(coalesce(t.networks, []), t.allowed), 'inside', 'outside')
    end as network_rule,
    coalesce(t.asn, '') as asn,
    coalesce(t.country, '') as country,
    coalesce(t.event_time >= t.ends, false) as ended,
    coalesce(n.name, '') as account_name,
    -- Whoever is behind the credential: one person stays one, however many roles are used on the way.
    coalesce(nullif(t.person, ''), t.principal) as who,
    known_account(case
        when t.principal like '%/external/%' then split_part(t.principal, '/', 3)
        else coalesce(nullif(t.identity_account_id, ''), t.account)
    end) as partner,
    f.history,
    coalesce(rp.active_days, 0) as days_known,
    coalesce(rh.active_days, 0) as person_days_known,
    days_between(rp.last_time, up.first_time) as principal_gap,
    days_between(rh.last_time, uh.first_time) as person_gap,
    days_between(rk.last_time, uk.first_time) as key_gap,
    rp.longest_gap as principal_rhythm,
    rh.longest_gap as person_rhythm,
    rk.longest_gap as key_rhythm,
    h.share as hour_share
from timed t
cross join facts f
left join account_names n on n.account = t.account
left join rhythms rp on rp.dt = t.dt and rp.kind = 'principal' and rp.value = t.principal and t.principal <> ''
left join rhythms rh on rh.dt = t.dt and rh.kind = 'person' and rh.value = t.person and t.person <> ''
left join rhythms rk on rk.dt = t.dt and rk.kind = 'key' and rk.value = t.long_term_key and t.long_term_key <> ''
left join first_uses up on up.dt = t.dt and up.kind = 'principal' and up.value = t.principal
left join first_uses uh on uh.dt = t.dt and uh.kind = 'person' and uh.value = t.person
left join first_uses uk on uk.dt = t.dt and uk.kind = 'key' and uk.value = t.long_term_key
-- The learned week is in the zone of the person, else of the principal, and says nothing before four weeks.
left join habits h
    on h.kind = if(t.person <> '', 'person', 'principal') and h.value = if(t.person <> '', t.person, t.principal)
    and h.time_zone = coalesce(nullif(t.time_zone, ''), 'UTC') and h.hour_of_week = t.hour_of_week and h.weeks >= 4
