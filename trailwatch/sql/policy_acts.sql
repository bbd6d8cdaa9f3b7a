-- grain: one call of a technique, made with the newest session of a principal, within its account
-- reads: acts, past   params: $principal, $until, $inside
-- What the session says of itself is the victim's; what is asked for is the technique's, and so is the address, unless the
-- intruder sits inside the victim's network and works in its region.
with victim as (
    select *
    from past
    where principal = $principal and origin in ('direct', 'console') and coalesce(aws_region, '') <> ''
        and event_source not in ('signin.amazonaws.com', 'iam.amazonaws.com', 'sts.amazonaws.com')
        and event_id not in (select event_id from policy_flagged)
    order by event_time desc
    limit 1
)

select
    a.* replace (
        $principal as principal,
        $until::timestamptz - interval 1 minute as event_time,
        -- Whether its maker was let through is not the question.
        'ok' as outcome,
        'direct' as origin,
        split_part($principal, '/', 1) as account,
        v.identity_type as identity_type, v.identity_arn as identity_arn,
        v.identity_principal_id as identity_principal_id, v.identity_account_id as identity_account_id,
        v.issuer_arn as issuer_arn, v.issuer_account_id as issuer_account_id, v.user_name as user_name,
        v.access_key_id as access_key_id, v.mfa_authenticated as mfa_authenticated,
        v.session_created_at as session_created_at, v.web_id_provider as web_id_provider,
        v.source_identity as source_identity, v.parent_principal as parent_principal, v.session_name as session_name,
        replace(a.request, coalesce(nullif(a.identity_account_id, ''), a.account), split_part($principal, '/', 1)) as request,
        replace(a.resources, coalesce(nullif(a.identity_account_id, ''), a.account), split_part($principal, '/', 1)) as resources,
        case when $inside then v.aws_region else a.aws_region end as aws_region,
        case when $inside then v.ip else coalesce(a.ip, '192.0.2.1') end as ip,
        case when $inside then v.ip_kind else 'public' end as ip_kind,
        case when $inside then v.vpc_endpoint_id end as vpc_endpoint_id,
        case when $inside then v.vpc_endpoint_account_id end as vpc_endpoint_account_id
    )
from acts as a, victim as v
