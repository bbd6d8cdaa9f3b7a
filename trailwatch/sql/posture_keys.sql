-- iam_keys. Grain: access key of the credential report; it has two places for a user, and no key ids.
-- reads: report, user_names
with places as (
    select r.*, slot, 'access_key_' || slot || '_' as prefix
    from report as r, (values (1::bigint), (2::bigint)) as t (slot)
),

keys as (
    select
        account,
        taken_at,
        user_name,
        slot,
        coalesce(try_cast(field(user, '$.' || prefix || 'active') as boolean), false) as active,
        try_cast(field(user, '$.' || prefix || 'last_rotated') as timestamptz) as created,
        try_cast(field(user, '$.' || prefix || 'last_used_date') as timestamptz) as last_used,
        field(user, '$.' || prefix || 'last_used_service') as last_used_service,
        field(user, '$.' || prefix || 'last_used_region') as last_used_region
    from places
)

select
    k.account,
    n.principal,
    n.person,
    k.user_name,
    n.is_root,
    k.slot,
    k.active,
    k.created,
    k.last_used,
    k.last_used_service,
    k.last_used_region,
    k.taken_at
from keys as k
inner join user_names as n on n.account = k.account and n.user_name = k.user_name
where k.active or k.created is not null or k.last_used is not null
