-- grain: temporary credential x day x shard, one row for its issue (issued_event_id <> '') and one for its use
-- reads: events
-- A credential without a key id is named <principal id[:session]>@<second in which it was issued>.
with
-- The console mints many keys for one sign-in; all of them hang below the sign-in.
used as (
    select
        dt, shard, credential, principal, principal_id, session_name, session_created_at, address,
        max(person) as person,
        max(coalesce(source_identity, '')) as source_identity,
        coalesce(bool_or(lower(console_session) = 'true' and session_created_at is not null), false) as console,
        max(coalesce(identity_principal_id, '')) as full_id,
        min(event_time) as first_time, max(event_time) as last_time, count(*) as events,
        bool_or(origin in ('direct', 'console')) as own_address
    from events
    where credential <> '' and long_term_key = ''
    group by all
),
uses as (
    select
        dt, shard, credential,
        case when bool_or(console) then 'console-key' else '' end as kind,
        split_part(principal, '/', 1) as account, principal, principal_id, session_name,
        max(person) as person,
        case when bool_or(console) and starts_with(credential, 'ASIA')
            then max(full_id) || '@' || strftime(session_created_at, '%Y-%m-%dT%H:%M:%SZ') else ''
        end as parent_credential,
        '' as parent_principal, '' as parent_person,
        max(source_identity) as source_identity,
        '' as issued_event_id, session_created_at as issued_time, '' as shared_event_id, '' as subject,
        min(first_time) as first_time, max(last_time) as last_time, sum(events)::bigint as events,
        coalesce(list(address order by first_time, address) filter (own_address and address <> ''), [])[1:20]
            as addresses
    from used
    group by dt, shard, credential, principal, principal_id, session_name, session_created_at
),
-- Denied calls hand out nothing. GetSigninToken may answer with the caller's own key.
calls as (
    select
        *,
        case
            when event_name = 'CreateSession' then 'roles-anywhere'
            else map {
                'AssumeRole': 'assume-role', 'AssumeRoleWithSAML': 'saml', 'AssumeRoleWithWebIdentity': 'web-identity',
                'AssumeRoleForPodIdentity': 'pod-identity', 'AssumeRoot': 'root', 'GetSessionToken': 'session-token',
                'GetFederationToken': 'federation', 'GetDelegatedAccessToken': 'delegated', 'ConsoleLogin': 'console',
                'GetSigninToken': 'signin-token', 'SwitchRole': 'switch-role', 'RenewRole': 'switch-role',
                'CreateOAuth2Token': 'login', 'GetCredentialsForIdentity': 'cognito'
            }[event_name]
        end as kind,
        try(json_extract_string(response, ['$.assumedRoleUser.assumedRoleId', '$.sourceIdentity', '$.subject',
            '$.subjectType', '$.subjectFromWebIdentityToken', '$.federatedUser.federatedUserId',
            '$.provider'])) as given,
        try(json_extract_string(request, ['$.roleSessionName', '$.sourceIdentity', '$.name', '$.providerId'])) as asked,
        coalesce(try(json_extract_string(additional, '$.SwitchFrom')), '') as switched_from
    from events
    where outcome = 'ok' and (
        (event_source = 'sts.amazonaws.com' and event_name in ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoot',
            'AssumeRoleWithWebIdentity', 'GetSessionToken', 'GetFederationToken', 'GetDelegatedAccessToken'))
        or (event_source = 'signin.amazonaws.com' and event_name in ('ConsoleLogin', 'GetSigninToken', 'SwitchRole',
            'RenewRole', 'CreateOAuth2Token'))
        or (event_source = 'rolesanywhere.amazonaws.com' and event_name = 'CreateSession')
        or (event_source = 'eks-auth.amazonaws.com' and event_name = 'AssumeRoleForPodIdentity')
        or (event_source = 'cognito-identity.amazonaws.com' and event_name = 'GetCredentialsForIdentity'))
),
described as (
    select
        *,
        coalesce(given[1], '') as role_id,
        coalesce(nullif(substr(given[1], strpos(given[1], ':') + 1), ''), asked[1], '') as role_session,
        coalesce(nullif(substr(given[6], strpos(given[6], ':') + 1), ''), asked[3], '') as federated,
        -- Calls that give the caller another credential for the same identity.
        kind in ('session-token', 'signin-token', 'login', 'console', 'switch-role') as same,
        -- Application users of an identity pool are not staff, and a transient subject is another one every time.
        lower(case
            when kind = 'saml' and lower(coalesce(given[4], '')) not like '%transient'
                then coalesce(nullif(given[3], 'HIDDEN_DUE_TO_SECURITY_REASONS'), '')
            when kind = 'saml' then coalesce(asked[1], '')
            when kind = 'web-identity' and not contains(coalesce(given[7], asked[4], identity_provider, ''), 'cognito')
                then coalesce(given[5], user_name, '')
            else ''
        end) as named,
        strftime(event_time, '%Y-%m-%dT%H:%M:%SZ') as second_
    from calls
),
issued as (
    select
        dt, shard,
        case
            when kind in ('console', 'switch-role') and session_created_at is not null
                then identity_principal_id || '@' || strftime(session_created_at, '%Y-%m-%dT%H:%M:%SZ')
            when issued_key <> '' then issued_key
            when same and identity_principal_id <> '' then identity_principal_id || '@' || second_
            when role_id <> '' then role_id || '@' || second_
            when role <> '' then role || ':' || role_session || '@' || second_
            else ''
        end as credential,
        kind,
        case
            when role <> '' then role
            when kind = 'federation' then account || '/federated/' || federated
            else principal
        end as principal,
        case when same then principal_id else split_part(role_id, ':', 1) end as principal_id,
        case
            when same then session_name
            when kind = 'federation' then federated
            else role_session
        end as session_name,
        lower(coalesce(nullif(given[2], ''), nullif(asked[2], ''), case
            when same then nullif(person, '')
            when contains(role, '/AWSReservedSSO_') then role_session
            else nullif(named, '')
        end, '')) as person,
        case when kind in ('console', 'switch-role') and coalesce(access_key_id, '') = '' then '' else credential
        end as parent_credential,
        case
            when kind = 'console' and coalesce(access_key_id, '') = '' then ''
            when switched_from <> '' then split_part(switched_from, ':', 5) || case
                when contains(switched_from, ':user/') then '/user/' || regexp_extract(switched_from, '([^/]+)$', 1)
                when contains(switched_from, ':assumed-role/') then '/role/' || regexp_replace(
                    split_part(switched_from, '/', 2), '^(AWSReservedSSO_.+)_[0-9a-f]{16}$', '\1')
                when switched_from like '%:root' then '/root'
                else '/unknown' end
            else principal
        end as parent_principal,
        case
            when kind = 'console' then ''
            when contains(switched_from, ':user/') then lower(regexp_extract(switched_from, '([^/]+)$', 1))
            when contains(switched_from, ':assumed-role/AWSReservedSSO_') then lower(split_part(switched_from, '/', 3))
            when switched_from <> '' then ''
            else coalesce(nullif(person, ''), named)
        end as parent_person,
        coalesce(nullif(given[2], ''), asked[2], '') as source_identity,
        event_id as issued_event_id, event_time as issued_time, coalesce(shared_event_id, '') as shared_event_id,
        coalesce(nullif(given[3], ''), given[5], case when kind in ('saml', 'web-identity') then user_name end, '')
            as subject
    from described
    where issued_key = '' or issued_key is distinct from access_key_id
)
select * from uses
union all
select
    dt, shard, credential, kind, split_part(principal, '/', 1) as account, principal, principal_id, session_name,
    person, case when parent_credential = credential then '' else parent_credential end as parent_credential,
    parent_principal, parent_person, source_identity, issued_event_id, issued_time, shared_event_id, subject,
    null as first_time, null as last_time, 0 as events, [] as addresses
from issued
where credential <> '' or shared_event_id <> ''
