-- Grain: temporary credential of a tree, with who was behind it and how often it was used.
-- reads: links, sessions_window, aliases
with used as (
    select credential, sum(events)::bigint as events
    from sessions_window
    where issued_event_id = ''
    group by credential
)

select
    l.credential as id, l.kind, l.principal,
    coalesce(p.person, a.person, l.person) as person,
    l.session_name, l.parent_credential as parent, l.parent_principal, l.issued_time, l.issued_event_id,
    l.first_time, l.last_time, l.first_address as network,
    coalesce(u.events, 0)::bigint as events
from links as l
left join used as u using (credential)
left join (select lower(alias) as alias, min(lower(person)) as person from aliases group by all) as p
    on p.alias = lower(l.principal)
left join (select lower(alias) as alias, min(lower(person)) as person from aliases group by all) as a
    on a.alias = l.person and l.person <> ''
where l.credential <> ''
order by l.credential, l.issued_time
