-- Grain: kind × value of an identity that a text names, with how it was named; exact names before parts of names.
-- reads: seen, sessions   params: $text, $principal, $session (lower-case; '' where the text is no ARN)
with identities as (
    select
        principal,
        person,
        lower(principal) as spelled,
        lower(regexp_extract(principal, '^[^/]+/(?:[^/]+/)?(.+)$', 1)) as name,
        max(last_time) as last_time
    from seen
    where dimension = 'account' and principal <> ''
    group by all
),

named as (
    select 'person' as kind, person as value, 'name' as how, last_time
    from identities
    where person <> '' and (lower(person) in ($text, $session) or split_part(lower(person), '@', 1) = $text)
    union all
    select 'principal', principal, 'name', last_time
    from identities
    -- A session of a role is one person's use of it where the session is named after somebody.
    where spelled in ($text, $principal)
        or name in ($text, regexp_replace($text, '_[0-9a-f]{16}$', ''))
        or regexp_extract(name, '^awsreservedsso_(.+)$', 1) = $text
    union all
    select 'principal', principal, dimension, last_time
    from seen
    -- A key is also seen with the roles that were assumed with it; it belongs to the user, or to root.
    where lower(value) = $text
        and (dimension = 'id' or (dimension = 'key' and not regexp_matches(principal, '^[^/]+/(role|federated)/')))
    union all
    select 'principal', principal, 'temporary key', coalesce(last_time, issued_time)
    from sessions
    where lower(credential) = $text and principal <> ''
),

best as (
    select kind, value, min(how) as how, max(last_time) as last_time from named group by kind, value
)

-- An IAM user and the person of the same name are one: the person's profile says all that the user's would.
select b.kind, b.value, b.how, b.last_time
from best as b
where b.kind = 'person' or b.how <> 'name' or not exists (
    select 1
    from identities as i
    where i.principal = b.value
    having count(*) > 0 and bool_and(i.person in (select value from best where kind = 'person'))
)
order by b.kind, b.last_time desc, b.value
