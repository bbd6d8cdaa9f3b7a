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
    select
        credential, account, min(issued_time) as issued_time, unnest(max(side)),
        max(principal_id) as principal_id, max(session_name) as session_name, max(person) as person,
        max(source_identity) as source_identity, max(subject) as subject,
        -- The name of a console session holds the second that its keys call their creation.
        coalesce(try_cast(split_part(credential, '@', -1) as timestamptz), min(issued_time)) as created
    from (
        select *, {
            'named': parent_credential <> '', 'own': parent_principal not like '%/external/%',
            'known': parent_person <> '', 'issued_event_id': issued_event_id, 'kind': kind, 'principal': principal,
            'parent_credential': parent_credential, 'parent_principal': parent_principal,
            'parent_person': parent_person} as side
        from turns
    )
    group by credential, account, turn
),
uses as materialized (
    select
        row_number() over () as use, credential, account, principal, session_name, issued_time as created,
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
    select u.*, m.issue_time, m.issue_time is not null as matched
    from uses as u
    left join (
        select u.use, max(i.issued_time) as issue_time
        from uses as u
        join issues as i
            on i.credential = u.credential and i.account = u.account
            and i.issued_time <= u.last_time + interval 5 second and i.issued_time >= u.start - interval 36 hour
        group by u.use
    ) as m using (use)
),
-- Without the key: the same identity and session name, issued in the same second.
orphans as (
    select use, '' as issued_event_id, credential, principal, session_name, created from by_key
    where not matched and created is not null
    union all
    select null, issued_event_id, credential, principal, session_name, created from issues
    where kind = 'console' and parent_credential = '' and session_name <> ''
),
by_name as materialized (
    select o.use, o.issued_event_id,
        first(m.credential order by m.kind in ('console', 'switch-role', 'login') desc, abs(o.slack), m.issued_event_id)
            as sibling
    from (select *, unnest([-2, -1, 0, 1, 2]) as slack from orphans) as o
    join issues as m
        on m.principal = o.principal and m.session_name = o.session_name
        and epoch(m.created)::bigint = epoch(o.created)::bigint + o.slack and m.credential <> o.credential
    group by o.use, o.issued_event_id
),
strays as materialized (
    select u.*, s.sibling,
        coalesce(s.sibling, nullif(max(u.node) over (
            partition by u.principal, u.session_name, u.created), ''), '') as above
    from by_key as u
    left join by_name as s using (use)
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
    left join by_name as s on s.use is null and s.issued_event_id = i.issued_event_id
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
    select id, parent as at, 1 as hops, [id, parent] as path from parents
    union all
    select c.id, p.parent, c.hops + 1, list_append(c.path, p.parent)
    from climb as c
    join parents as p on p.id = c.at
    where c.hops < 20 and not list_contains(c.path, p.parent)
),
-- What stands above: the nearest person, the topmost credential.
above as (
    select
        c.id,
        arg_min(coalesce(nullif(n.person, ''), n.parent_person), c.hops)
            filter (n.person <> '' or n.parent_person <> '') as person,
        arg_max(coalesce(nullif(n.parent_credential, ''), n.credential), c.hops) as root_credential,
        max(n.parent_credential) filter (n.parent_credential like 'AKIA%') as long_term_key,
        sum(n.step)::int as steps,
        arg_min(n.subject, c.hops) filter (n.subject <> '') as subject
    from climb as c
    join numbered as n on n.id = c.at
    group by c.id
)
select
    n.credential, n.kind, n.account, n.principal, n.principal_id, n.session_name,
    coalesce(nullif(n.person, ''), nullif(n.parent_person, ''), a.person, '') as person,
    case when n.parent_credential like 'AKIA%' then n.parent_credential else coalesce(a.long_term_key, '') end
        as long_term_key,
    n.parent_credential, n.parent_principal,
    coalesce(nullif(n.parent_person, ''), a.person, '') as parent_person,
    coalesce(a.root_credential, nullif(n.parent_credential, ''), n.credential) as root_credential,
    n.step + coalesce(a.steps, 0) as depth,
    coalesce(nullif(n.subject, ''), a.subject, '') as subject,
    n.source_identity, n.issued_event_id, n.issued_time, n.first_time, n.last_time, n.first_address, n.valid_from,
    n.valid_to
from numbered as n
left join above as a on a.id = n.id
