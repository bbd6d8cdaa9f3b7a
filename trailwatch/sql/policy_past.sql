-- grain: one call of a principal in a window, or one call that took it on as a role, with what conditions are asked of
-- reads: attributed   params: $principal, $since, $until
-- A role that another account takes on shows twice; of the two the record of the role's own account counts.
select
    event_id, event_time, dt, event_source, event_name, event_type, aws_region, account, principal, person, session_name,
    source_identity, parent_principal, origin, outcome, address, ip, ip_kind, invoked_by, vpc_endpoint_id,
    vpc_endpoint_account_id, identity_type, identity_arn, identity_principal_id, identity_account_id, identity_provider,
    issuer_arn, issuer_account_id, user_name, user_agent, access_key_id, mfa_authenticated, session_created_at,
    web_id_provider, tls, role, null::varchar as resources,
    case when event_source = 'sts.amazonaws.com' then request end as request
from attributed
where event_time >= $since and event_time < $until
    and (principal = $principal
        or (role = $principal and event_source = 'sts.amazonaws.com' and event_name like 'AssumeRole%'
            and account = split_part($principal, '/', 1)))
