-- Grain: one event, with those columns of its meaning that sessions and profiles are made from.
-- reads: said (what events.sql says of the records in hand)
select
    dt, shard, event_id, event_time, shared_event_id,
    account, identity_type, identity_principal_id, principal, principal_id, person, credential, long_term_key,
    session_name, session_created_at, console_session, source_identity, identity_provider, user_name, access_key_id,
    issued_key, origin, event_source, event_name, action, read_only, aws_region, address, client, outcome, role, target,
    resources,
    -- Only calls that hand out credentials are looked into again.
    case when hands_out then request end as request,
    case when hands_out then response end as response,
    case when hands_out then additional end as additional
from (
    select
        *,
        coalesce(event_source in (
            'sts.amazonaws.com', 'signin.amazonaws.com', 'sso.amazonaws.com', 'rolesanywhere.amazonaws.com',
            'eks-auth.amazonaws.com', 'cognito-identity.amazonaws.com'
        ), false) as hands_out
    from said
)
