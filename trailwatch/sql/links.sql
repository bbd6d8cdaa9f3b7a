-- grain: one issue of a temporary credential, resolved up to the person or workload at the top of its session tree
-- reads: sessions_window
-- A key id is unique only with its account and for 36 hours, so every join is bound by both.
with recursive
-- Both sides of one call across accounts carry the key; where one omits it, the shared event id gives it back.
mints as materialized (
    select * replace (case when starts_with(credential, 'ASIA') then credential else coalesce(max(credential) filter (
        starts_with(credential, 'ASIA')) over (partition by case when shared_event_id <> '' then shared_event_id
        else issued_event_id end), credential) end as credential)
    from sessions_window
    where issued_event_id <> ''
),
turns as (
    select *, sum(fresh) over (partition by credential, account order by issued_time, issued_event_id) as turn
    from (
        select *, coalesce(issued_time - lag(issued_time) over (partition by credential, account
            order by issued_time, issued_event_id) > interval 5 minute, true)::int as fresh
        from mints
        where credential <> ''
    )
),
-- The caller's side names the parent; the callee's side knows it as a foreign account only.
issues as materialized (
    select * replace (
        max(principal_id) over turn_ as principal_id, max(session_name) over turn_ as session_name,
        max(person) over turn_ as person, max(source_identity) over turn_ as source_identity,
        max(subject) over turn_ as subject, min(issued_time) over turn_ as issued_time),
        -- The name of a console session holds the second that its keys call their creation.
        coalesce(try_cast(split_part(credential, '@', -1) as timestamptz), issued_time) as created
    from turns
    window turn_ as (partition by credential, account, turn)
    qualify row_number() over (partition by credential, account, turn order by
        (parent_credential <> '') desc, (parent_principal like '%/external/%'), (parent_person <> '') desc,
        issued_event_id) = 1
),
uses as (
    select
        credential, account, principal, session_name, issued_time as created,
        max(principal_id) as principal_id, max(kind) as kind, max(person) as person,
        max(parent_credential) as node, max(source_identity) as source_identity,
        min(first_time) as first_time, max(last_time) as last_time,
        arg_min(addresses[1], first_time) as first_address,
        coalesce(issued_time, min(first_time)) as start
    from sessions_window
    where issued_event_id = ''
    group by credential, account, principal, session_name, issued_time
),
by_key as materialized (
    select u.*, m.issued_time as issue_time,
        coalesce(m.issued_time >= u.start - interval 36 hour, false) as matched
    from uses as u
    asof left join issues as m
        on u.credential = m.credential and u.account = m.account and u.last_time + interval 5 second >= m.issued_time
),
-- Without the key: the same identity and session name, issued in the same second.
orphans as (
    select credential, account, principal, session_name, created from by_key
    where not matched and created is not null
    union all
    select credential, account, principal, session_name, created from issues
    where kind = 'console' and parent_credential = '' and session_name <> ''
),
by_name as materialized (
    select o.credential, o.account, o.principal, o.session_name, o.created,
        first(m.credential order by m.kind in ('console', 'switch-role', 'login') desc, abs(o.slack), m.issued_event_id)
            as sibling
    from (select *, unnest([-2, -1, 0, 1, 2]) as slack from orphans) as o
    join issues as m
        on m.principal = o.principal and m.session_name = o.session_name
        and epoch(m.created)::bigint = epoch(o.created)::bigint + o.slack and m.credential <> o.credential
    group by all
),
strays as materialized (
    select u.*, s.sibling,
        coalesce(s.sibling, nullif(max(u.node) over (
            partition by u.principal, u.session_name, u.created), ''), '') as above
    from by_key as u
    left join by_name as s
        on s.credential = u.credential and s.account = u.account and s.principal = u.principal
        and s.session_name = u.session_name and s.created is not distinct from u.created
    where not matched
),
-- A console session whose sign-in is not in these logs still holds its keys together.
nodes as (
    select above as credential, account, min(created) as issued_time, principal, max(principal_id) as principal_id,
        session_name, max(person) as person, max(source_identity) as source_identity
    from strays
    where sibling is null and above <> '' and above <> credential
    group by above, account, principal, session_name
),
usage as (
    select credential, account, issue_time, max(person) as person, max(source_identity) as source_identity,
        min(first_time) as first_time, max(last_time) as last_time, arg_min(first_address, first_time) as first_address,
        max(session_name) as session_name, max(principal_id) as principal_id
    from by_key where matched
    group by credential, account, issue_time
),
gathered as (
    select
        i.credential, i.kind, i.account, i.principal,
        coalesce(nullif(i.principal_id, ''), u.principal_id, '') as principal_id,
        coalesce(nullif(i.session_name, ''), u.session_name, '') as session_name,
        coalesce(nullif(i.person, ''), u.person, '') as person,
        coalesce(s.sibling, i.parent_credential) as parent_credential,
        case when s.sibling is null then i.parent_principal else i.principal end as parent_principal, i.parent_person,
        coalesce(nullif(i.source_identity, ''), u.source_identity, '') as source_identity,
        i.subject, i.issued_time, i.issued_event_id, u.first_time, u.last_time,
        coalesce(u.first_address, '') as first_address,
        -- Another key for the same identity is no step down.
        (s.sibling is null and i.parent_principal not in ('', i.principal))::int as step,
        least(i.issued_time, i.created, coalesce(u.first_time, i.issued_time)) as start
    from issues as i
    left join usage as u on u.credential = i.credential and u.account = i.account and u.issue_time = i.issued_time
    left join by_name as s
        on i.kind = 'console' and i.parent_credential = '' and s.credential = i.credential and s.account = i.account
        and s.principal = i.principal and s.session_name = i.session_name and s.created = i.created
    union all
    select credential, kind, account, principal, principal_id, session_name, person,
        case when above = credential then '' else above end,
        case when above in ('', credential) then '' else principal end,
        '', source_identity, '', created, '', first_time, last_time, coalesce(first_address, ''), 0,
        least(start, first_time)
    from strays
    union all
    select credential, 'console', account, principal, principal_id, session_name, person, '', '', '', source_identity,
        '', issued_time, '', issued_time, issued_time, '', 0, issued_time
    from nodes
),
numbered as materialized (
    select *,
        row_number() over (order by credential, account, start, principal, session_name, issued_time) as id,
        start - interval 5 second as valid_from,
        least(coalesce(lead(start) over next_ - interval 5 second, 'infinity'),
            greatest(start + interval 37 hour, last_time + interval 5 second)) as valid_to
    from gathered
    window next_ as (partition by credential, account order by start, principal, session_name, issued_time)
),
parents as materialized (
    select c.id, p.id as parent
    from numbered as c
    join numbered as p
        on p.credential = c.parent_credential and p.account = split_part(c.parent_principal, '/', 1)
        and greatest(c.start, c.issued_time) >= p.valid_from and greatest(c.start, c.issued_time) < p.valid_to
    where c.parent_credential <> '' and p.id <> c.id
    qualify row_number() over (partition by c.id order by p.start desc, p.id) = 1
),
climb as (
    select id, id as at, 0 as hops, [id] as path from numbered
    union all
    select c.id, p.parent, c.hops + 1, list_append(c.path, p.parent)
    from climb as c
    join parents as p on p.id = c.at
    where c.hops < 20 and not list_contains(c.path, p.parent)
),
resolved as (
    select
        c.id,
        coalesce(arg_min(coalesce(nullif(n.person, ''), n.parent_person), c.hops)
            filter (n.person <> '' or n.parent_person <> ''), '') as person,
        coalesce(arg_min(coalesce(case when c.hops > 0 then nullif(n.person, '') end, n.parent_person), c.hops)
            filter ((c.hops > 0 and n.person <> '') or n.parent_person <> ''), '') as parent_person,
        arg_max(coalesce(nullif(n.parent_credential, ''), n.credential), c.hops) as root_credential,
        coalesce(max(n.parent_credential) filter (n.parent_credential like 'AKIA%'), '') as long_term_key,
        sum(n.step)::int as depth,
        coalesce(arg_min(n.subject, c.hops) filter (n.subject <> ''), '') as subject
    from climb as c
    join numbered as n on n.id = c.at
    group by c.id
)
select
    n.credential, n.kind, n.account, n.principal, n.principal_id, n.session_name, r.person, r.long_term_key,
    n.parent_credential, n.parent_principal, r.parent_person, r.root_credential, r.depth, r.subject, n.source_identity,
    n.issued_event_id, n.issued_time, n.first_time, n.last_time, n.first_address, n.valid_from, n.valid_to
from numbered as n
join resolved as r on r.id = n.id
