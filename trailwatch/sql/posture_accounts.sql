-- iam_accounts. Grain: account with any export. Without a policy of its own AWS's default holds: eight characters, no
-- expiry, nothing remembered. 0 days and 0 passwords mean never and none.
-- reads: exports, report
with accounts as (
    select account, min(taken_at) as taken_at from exports group by account
),

policies as (
    select
        account,
        coalesce(field(body, '$.default') = 'true', false) as absent,
        body
    from exports where kind = 'password-policy'
),

summaries as (
    select account, taken_at, body from exports where kind = 'account-summary'
),

roots as (
    select
        account,
        taken_at,
        try_cast(field(user, '$.mfa_active') as boolean) as mfa,
        try_cast(field(user, '$.password_enabled') as boolean) as password,
        (coalesce(try_cast(field(user, '$.access_key_1_active') as boolean), false)::bigint
            + coalesce(try_cast(field(user, '$.access_key_2_active') as boolean), false)::bigint) as keys
    from report where is_root
),

summed as (
    select
        account,
        taken_at,
        try_cast(field(body, '$.AccountMFAEnabled') as bigint) = 1 as mfa,
        try_cast(field(body, '$.AccountPasswordPresent') as bigint) = 1 as password,
        try_cast(field(body, '$.AccountAccessKeysPresent') as bigint) as keys
    from summaries
)

select
    a.account,
    a.taken_at,
    not p.absent as policy_set,
    case when p.absent then 8 else try_cast(field(p.body, '$.MinimumPasswordLength') as bigint) end as minimum_length,
    case when p.body is not null then coalesce(try_cast(field(p.body, '$.RequireSymbols') as boolean), false) end
        as require_symbols,
    case when p.body is not null then coalesce(try_cast(field(p.body, '$.RequireNumbers') as boolean), false) end
        as require_numbers,
    case when p.body is not null
        then coalesce(try_cast(field(p.body, '$.RequireUppercaseCharacters') as boolean), false) end
        as require_uppercase,
    case when p.body is not null
        then coalesce(try_cast(field(p.body, '$.RequireLowercaseCharacters') as boolean), false) end
        as require_lowercase,
    case when p.body is not null then coalesce(try_cast(field(p.body, '$.MaxPasswordAge') as bigint), 0) end
        as max_age_days,
    case when p.body is not null then coalesce(try_cast(field(p.body, '$.PasswordReusePrevention') as bigint), 0) end
        as reuse_prevention,
    -- Both exports tell of root's MFA; the newer one is right.
    case when s.taken_at >= r.taken_at then coalesce(s.mfa, r.mfa) else coalesce(r.mfa, s.mfa) end as root_mfa,
    coalesce(r.keys, s.keys) as root_keys,
    coalesce(s.password, r.password) as root_password
from accounts as a
left join policies as p on p.account = a.account
left join summed as s on s.account = a.account
left join roots as r on r.account = a.account
