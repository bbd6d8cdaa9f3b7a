-- grain: one CloudTrail record with what it says by itself; text columns of meaning are never null ('' = none)
-- reads: parts
with
judged as (
    select
        *,
        coalesce(nullif(recipient_account_id, ''), _owner) as account,
        case when _wanted is not null or event_name = 'AssumeRole' then nullif(regexp_replace(regexp_replace(_role_arn,
            '(?s)^(?:arn:[a-z-]+:(?:iam|sts)::(\d*):(?:assumed-role/([^/]+)/.*|role/(?:.*/)?([^/]+))|.*)$',
            '\1/role/\2\3'), '(/AWSReservedSSO_.+)_[0-9a-f]{16}$', '\1'), '/role/')
        end as _assumed,
        case
            when _type = 'Root' then _owner || '/root'
            when _type = 'IAMUser' then _owner
                || coalesce('/user/' || coalesce(nullif(_user_name, ''), nullif(principal_id, '')), '/unknown')
            when _role_name <> '' then _owner || '/role/' || case when _role_name = issuer_name then _issuer else
                regexp_replace(_role_name, '^(AWSReservedSSO_.+)_[0-9a-f]{16}$', '\1') end
            when _type in ('AssumedRole', 'Role') then _owner
                || coalesce('/unknown/' || nullif(principal_id, ''), '/unknown')
            when _type = 'FederatedUser' then _owner || coalesce('/federated/' || nullif(session_name, ''), '/unknown')
            when _type in ('SAMLUser', 'WebIdentityUser', 'Directory') then account
                || coalesce('/federated/' || nullif(coalesce(nullif(_subject, ''), identity_provider), ''), '/unknown')
            when _type = 'AWSAccount' then account || '/external/' || case
                when contains(lower(coalesce(identity_account_id, '') || _id), 'anonymous') then 'anonymous'
                else coalesce(nullif(identity_account_id, ''), 'unknown') end
                || coalesce('/' || nullif(principal_id, ''), '')
            when _type = 'AWSService' then 'service/' || coalesce(nullif(nullif(_invoked_by, ''), 'AWS Internal'),
                nullif(_service, ''), nullif(_source, ''), 'unknown')
            when identity_store_user <> '' then account || '/person/' || identity_store_user
            else account || '/unknown' || coalesce('/' || nullif(_user, ''), '')
        end as principal,
        lower(case
            when _type = 'IAMUser' then _user_name
            when source_identity <> '' then source_identity
            when starts_with(_role_name, 'AWSReservedSSO_') then session_name
            when _type = 'FederatedUser' and issuer_type = 'IAMUser' then coalesce(issuer_name, '')
            when _type in ('SAMLUser', 'WebIdentityUser', 'Directory') then _subject
            when _type in ('IdentityCenterUser', 'Unknown') and _user <> '' then _user
            else coalesce(identity_store_user, '')
        end) as person,
        case
            when _error = '' and _error_text = '' and not _signin then 'ok'
            when regexp_matches(_error, '(?i)access_?denied|unauthori[sz]ed|not_?authori[sz]ed|forbidden|authfailure'
                || '|authorizationerror') then 'denied'
            when regexp_matches(_error, '(?i)throttl|requestlimitexceeded|slowdown|toomanyrequests|throughputexceeded'
                || '|bandwidthlimit') or _error_text = 'Rate exceeded' then 'throttled'
            when _error_text <> ''
                and regexp_matches(_error_text, '(?i)explicit deny|not authorized to perform|^access denied')
                then 'denied'
            -- A sign-in says how it went in other places than errorCode.
            when _signin and (_error_text <> '' or regexp_matches(coalesce(response, ''), '(?i):\s*"failure"')
                or regexp_matches(coalesce(service_details, ''), '(?i):\s*"failure"')
                or regexp_matches(coalesce(additional, ''), '(?i)"success"\s*:\s*"?false')) then 'denied'
            when _error <> '' then 'other'
            else 'ok'
        end as outcome,
        -- A fixed vocabulary: what a client calls itself is hostile text, and versions change every week.
        case
            when _agent = '' or _agent is null then ''
            when contains(_agent, 'aws-cli/2') then 'aws-cli/2' when contains(_agent, 'aws-cli/') then 'aws-cli/1'
            when contains(_agent, 'terraform') then 'terraform' when contains(_agent, 'opentofu') then 'opentofu'
            when contains(_agent, 'pulumi') then 'pulumi' when contains(_agent, 'aws-cdk') then 'aws-cdk'
            when contains(_agent, 'trufflehog') then 'trufflehog'
            when contains(_agent, 'aws-internal/') or starts_with(_agent, 'aws internal')
                then case when _console or ip is not null then 'console' else 'aws-service' end
            when _page <> '' then 'console'
            when starts_with(_agent, 'mozilla/') then case when _console then 'console' else 'browser' end
            when _caller <> '' and not contains(_agent, ' ') then 'aws-service'
            when contains(_agent, 'amazon-ssm-agent') then 'ssm-agent'
            when contains(_agent, 'ansible') then 'ansible'
            when contains(_agent, 'powershell') then 'powershell'
            when contains(_agent, 'boto3') then 'boto3' when contains(_agent, 'botocore') then 'botocore'
            when contains(_agent, 'aws-sdk-') then coalesce(nullif(_sdk, ''), 'aws-sdk')
            else coalesce(nullif(_tool, ''), 'other')
        end as _family,
        case
            when _agent = '' or _agent is null then ''
            when contains(_agent, 'kali') or contains(_agent, 'parrot') or contains(_agent, 'pentoo') then ' kali'
            when contains(_agent, 'exec-env/cloudshell') then ' cloudshell'
            when contains(_agent, 'exec-env/aws_lambda') then ' lambda'
            when contains(_agent, 'exec-env/aws_ecs') then ' ecs'
            when contains(_agent, 'linux') and not contains(_agent, 'android') then ' linux'
            when contains(_agent, 'windows') then ' windows'
            when contains(_agent, 'iphone') or contains(_agent, 'ipad') then ' ios'
            when contains(_agent, 'darwin') or contains(_agent, 'macos') or contains(_agent, 'mac os') then ' macos'
            when contains(_agent, 'android') then ' android'
            else ''
        end as _system
    from parts
)
select
    * exclude (
        _type, _id, _arn, _user, _invoked_by, _key, _source, _kind, _error, _error_text, _place, _agent, _console,
        _signin, _verb, _given, _wanted, _asked, _first, _octets, _dotted, _mapped, _net, _issuer, _sdk, _tool,
        _page, _caller, _colons, _service, _internal, _hextets, _v4, _owner, _role_name, _user_name, _role_arn,
        _assumed, _subject, _family, _system
    ) replace (_type as identity_type),
    case when starts_with(_key, 'AKIA') then _key else '' end as long_term_key,
    case
        when _key <> '' then _key
        when credential_id <> '' then credential_id
        when _id = '' or _type = 'AWSAccount' then ''
        when session_created_at is not null then _id || '@' || strftime(session_created_at, '%Y-%m-%dT%H:%M:%SZ')
        when outcome = 'ok' and _signin and _verb in ('ConsoleLogin', 'SwitchRole', 'RenewRole', 'CreateOAuth2Token')
            then _id || '@' || strftime(event_time, '%Y-%m-%dT%H:%M:%SZ')
        else ''
    end as credential,
    case
        when ip is not null then case
            when starts_with(ip, '10.') or starts_with(ip, '192.168.') or starts_with(ip, '127.')
                or starts_with(ip, '169.254.') or starts_with(ip, '0.') then 'private'
            when not starts_with(ip, '1') and _v4 is not null then 'public'
            when regexp_matches(ip, '^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.'
                || '|^f[cd]..:|^fe[89ab].:|^::1?$') then 'private'
            else 'public' end
        when _internal then 'aws'
        when _service <> '' then 'service'
        else 'none'
    end as ip_kind,
    -- A source name alone must not silence a person: what the console sent stays console, whatever its source says.
    case
        when _type = 'AWSService' or (_kind = 'awsserviceevent' and not _signin) then 'service'
        when _invoked_by not in ('', 'AWS Internal') and not _signin then 'via-service'
        when _console or _kind in ('awsconsolesignin', 'awsconsoleaction') or (_signin and _kind <> 'awsapicall')
            then 'console'
        when (_invoked_by <> '' or _internal or _service <> '') and not _signin then 'via-service'
        when _family in ('console', 'browser') then 'console'
        else 'direct'
    end as origin,
    coalesce(
        case when vpc_endpoint_id like 'vpce-%' then case when ip_kind = 'private' then vpc_endpoint_id end end,
        case when _v4 = _dotted then _net else regexp_replace(_v4, '\d+$', '0/24') end,
        case when len(_hextets) = 8 then array_to_string(_hextets[1:3], ':') || '::/48' end,
        case when _internal then 'AWS Internal' else coalesce(_service, '') end) as address,
    case when _family in ('', 'console', 'aws-service', 'other') and _system <> ' kali' then _family
        else _family || _system end as client,
    case
        when _signin then case when event_name in ('SwitchRole', 'RenewRole') then principal else '' end
        when _wanted is null and _source <> 'sts.amazonaws.com' then ''
        when event_name = 'AssumeRoot' and _wanted[2] <> '' then regexp_extract(_wanted[2], '\d{12}') || '/root'
        when event_name in ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity',
            'AssumeRoleForPodIdentity', 'CreateSession') then coalesce(_assumed, '')
        else ''
    end as role,
    left(coalesce(case -- Nearly always the first value will do.
            when _first is null then null
            when left(_first, 1) not in ('{', '[', '') and _first <> 'HIDDEN_DUE_TO_SECURITY_REASONS' then _first
            else list_filter(_asked, lambda t: left(t, 1) not in ('{', '[', '')
                and t <> 'HIDDEN_DUE_TO_SECURITY_REASONS')[1] end,
        case when _source = 'sts.amazonaws.com' then regexp_extract(_assumed, '/role/(.*)$', 1) end, ''), 256)
        as target,
    coalesce(nullif(_asked[1], 'HIDDEN_DUE_TO_SECURITY_REASONS'), '') as target_user,
    coalesce(replace(event_source, '.amazonaws.com', ''), '') || ':' || _verb as action,
    case
        when _verb = 'ConsoleLogin' then case
            when _type in ('IAMUser', 'Root') and contains(additional, '"MFAUsed"')
                then case when regexp_matches(additional, '"MFAUsed"\s*:\s*"Yes"') then 'yes' else 'no' end
            else 'n/a' end
        when lower(mfa_authenticated) = 'true' then 'yes'
        -- Federated and role sessions say false even when the identity provider asked for a second factor.
        when lower(mfa_authenticated) = 'false' and _type in ('IAMUser', 'Root') then 'no'
        else 'n/a'
    end as mfa,
    coalesce(nullif(_given[1], ''), nullif(_given[2], ''), nullif(_given[3], ''), '') as issued_key,
    hour(event_time)::tinyint as hour
from judged
