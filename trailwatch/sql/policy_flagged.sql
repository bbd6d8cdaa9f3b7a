-- grain: call × finding that it is part of, of the principals in `replayed`
-- reads: policy_calls, policy_told (event_id, finding), seen
-- A network that a principal used on no other days than those of such findings, while it has networks of its own, is the
-- intruder's: every call from there is left out, whether a finding names it or not.
with told as (
    select c.event_id, c.principal, c.address, c.dt, c.origin, t.finding
    from policy_calls as c
    join policy_told as t using (event_id)
),

marked as (
    select principal, address, count(distinct dt) as days, min(finding) as finding
    from told
    where origin in ('direct', 'console') and address <> ''
    group by principal, address
),

used as (
    select principal, value as address, sum(days) as days
    from (
        select principal, value, month, max(days) as days from seen where dimension = 'address'
        group by principal, value, month
    )
    group by principal, value
),

strange as (
    select m.principal, m.address, m.finding
    from marked as m
    join used as u using (principal, address)
    where u.days <= m.days and exists (
        select 1 from used as other
        where other.principal = m.principal and other.address <> m.address and other.days > u.days
    )
)

select event_id, finding, false as by_network from told
union all
select c.event_id, s.finding, true
from policy_calls as c
join strange as s using (principal, address)
where c.origin in ('direct', 'console') and c.event_id not in (select event_id from told)
