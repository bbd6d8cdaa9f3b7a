-- grain: one event, with the person behind it and its place in the session tree
-- reads: events, links, aliases
-- A call without a credential of its own (the callee's side of a role, a SAML sign-in) is found by the key it gave.
with
keyed as (
    select
        *,
        credential = '' and issued_key <> '' as _by_issue,
        case when credential = '' then issued_key else credential end as _credential,
        split_part(case when credential = '' and role <> '' then role else principal end, '/', 1) as _account
    from events
),
others as (
    select lower(alias) as alias, min(lower(person)) as person from aliases group by lower(alias)
),
linked as (
    select
        e.* exclude (_credential, _account, _by_issue)
            replace (
                coalesce(nullif(e.person, ''), case when _by_issue then l.parent_person else l.person end, '')
                    as person,
                coalesce(nullif(e.long_term_key, ''), l.long_term_key, '') as long_term_key),
        coalesce(case when not _by_issue then l.parent_principal end, '') as parent_principal,
        coalesce(case when not _by_issue then l.parent_credential end, '') as parent_credential,
        coalesce(l.root_credential, nullif(e.credential, ''), '') as session_root,
        coalesce(case when not _by_issue then l.depth end, 0) as session_depth
    from keyed as e
    left join links as l
        on l.credential = e._credential and l.account = e._account and e._credential <> ''
        and e.event_time >= l.valid_from and e.event_time < l.valid_to
)
select e.* replace (coalesce(p.person, a.person, e.person) as person)
from linked as e
left join others as p on p.alias = lower(e.principal)
left join others as a on a.alias = e.person and e.person <> ''
