-- grain: one CloudTrail record with what it says by itself; text columns of meaning are never null ('' = none)
-- reads: raw_events
with
-- Hidden names stand for many people; as a name they would pool them into one hot identity.
plain as (
    select
        *,
        coalesce(identity_type, case
            when identity_arn like '%:assumed-role/%' then 'AssumedRole'
            when identity_arn like '%:user/%' then 'IAMUser'
            when identity_arn like '%:federated-user/%' then 'FederatedUser'
            when identity_arn like '%:root' then 'Root'
            when invoked_by <> '' or lower(event_type) = 'awsserviceevent' then 'AWSService'
        end, '') as _type,
        coalesce(identity_principal_id, '') as _full_id,
        coalesce(identity_arn, '') as _arn,
        coalesce(case when user_name <> 'HIDDEN_DUE_TO_SECURITY_REASONS' then user_name end, '') as _user,
        coalesce(invoked_by, '') as _invoked_by,
        coalesce(access_key_id, '') as _key,
        coalesce(event_source, '') as _source,
        coalesce(event_name, '') as _name,
        coalesce(error_code, '') as _error,
        coalesce(error_message, '') as _error_text,
        trim(coalesce(source_ip, '')) as _place,
        lower(ltrim(coalesce(user_agent, ''), '[ ')) as _agent,
        coalesce(lower(console_session) = 'true', false) as _console,
        coalesce(event_source = 'signin.amazonaws.com', false) as _signin,
        -- The legacy basic form is twice as slow to parse, so it is tried only where the first fails.
        coalesce(
            try_cast(session_created as timestamptz),
            timezone('UTC', try_strptime(session_created, '%Y%m%dT%H%M%SZ'))
        ) as session_created_at,
        -- A service may write the date of its API into the name: GetFunction20150331v2, CreateDistribution2020_05_31.
        case when right(event_name, 1) between '0' and '9'
            then regexp_replace(event_name, '_?20\d\d_?\d\d_?\d\d(v\d+)?$', '') else coalesce(event_name, '')
        end as _verb,
        case
            when event_source in ('sts.amazonaws.com', 'signin.amazonaws.com', 'rolesanywhere.amazonaws.com',
                'eks-auth.amazonaws.com', 'cognito-identity.amazonaws.com', 'sso.amazonaws.com')
                or event_name in ('CreateAccessKey', 'CreateSession')
                then try(json_extract_string(response, [
                    '$.credentials.accessKeyId', '$.accessKey.accessKeyId',
                    '$.credentialSet[0].credentials.accessKeyId', '$.assumedRoleUser.arn', '$.subject',
                    '$.subjectFromWebIdentityToken', '$.subjectType', '$.assumedRoleUser.assumedRoleId']))
        end as _given,
        try(json_extract_string(request, [
            '$.roleArn', '$.targetPrincipal', '$.roleSessionName', '$.userName', '$.roleName', '$.groupName',
            '$.bucketName', '$.secretId', '$.instanceId', '$.instanceIds[0]', '$.instancesSet.items[0].instanceId',
            '$.functionName', '$.keyId', '$.groupId', '$.volumeId', '$.snapshotId', '$.imageId', '$.tableName',
            '$.dBInstanceIdentifier', '$.dBClusterIdentifier', '$.dBSnapshotIdentifier', '$.trailName', '$.logGroupName',
            '$.stackName', '$.repositoryName', '$.clusterName', '$.queueUrl', '$.topicArn', '$.detectorId',
            '$.instanceProfileName', '$.policyArn', '$.policyName', '$.parameterName', '$.name', '$.names[0]',
            '$.documentName', '$.resourceId', '$.vpcId', '$.subnetId', '$.routeTableId', '$.resourceArn', '$.accountId',
            '$.serialNumber', '$.accessKeyId', '$.bucket', '$.id'])) as _asked
    from raw_events
),
placed as (
    select
        *,
        lower(case
            when regexp_matches(_place, '^[0-9.]+(/\d+)?$') then split_part(_place, '/', 1)
            when regexp_matches(_place, '^(?i)::ffff:[0-9.]+$') then substr(_place, 8)
            when contains(_place, ':') and regexp_matches(_place, '^[0-9A-Fa-f:.]+(/\d+)?$')
                then split_part(_place, '/', 1)
        end) as _number,
        case when regexp_matches(_place, '^(?i)[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|amazon\.com|aws)$')
            then lower(_place) else '' end as _service,
        _place like 'AWS Internal%' as _internal
    from plain
),
numbered as (
    select
        *,
        case
            when contains(_number, ':') and regexp_matches(_number, '^[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}$')
                then list_transform(
                    list_concat(
                        list_filter(string_split(split_part(_number, '::', 1), ':'), lambda h: h <> ''),
                        list_concat(
                            case when contains(_number, '::') then list_transform(range(
                                8 - len(list_filter(string_split(_number, ':'), lambda h: h <> ''))), lambda n: '0')
                            else [] end,
                            list_filter(string_split(split_part(_number, '::', 2), ':'), lambda h: h <> ''))),
                    lambda h: coalesce(nullif(ltrim(h, '0'), ''), '0'))
        end as _hextets,
        case when regexp_matches(_number,
                '^(0*(25[0-5]|2[0-4]\d|1?\d?\d)\.){3}0*(25[0-5]|2[0-4]\d|1?\d?\d)$')
            then regexp_replace(_number, '(^|\.)0+(\d)', '\1\2', 'g') end as _v4
    from placed
),
located as (
    select
        *,
        coalesce(_v4, case when len(_hextets) = 8
            then regexp_replace(array_to_string(_hextets, ':'), '(^|:)0(:0)+(:|$)', '::') end) as ip
    from numbered
),
named as (
    select
        *,
        case
            when ip is null then case when _internal then 'aws' when _service <> '' then 'service' else 'none' end
            when regexp_matches(ip, '^(10|127|0)\.|^192\.168\.|^169\.254\.|^172\.(1[6-9]|2\d|3[01])\.|^100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.|^f[cd]..:|^fe[89ab].:|^::1?$')
                then 'private'
            else 'public'
        end as ip_kind,
        coalesce(nullif(identity_account_id, ''), nullif(issuer_account_id, ''), nullif(split_part(_arn, ':', 5), ''),
            case when regexp_matches(_key, '^A[KS]IA[Q-Z2-7][A-Z2-7]{15}$') then lpad((((list_reduce(list_transform(
                string_split(substr(_key, 5, 10), ''),
                lambda c: (strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', c) - 1)::bigint), lambda a, b: a * 32 + b) >> 2)
                & 140737488355200) >> 7)::varchar, 12, '0') end,
            nullif(recipient_account_id, ''), '') as _owner,
        case when regexp_matches(_full_id, '^A(IDA|ROA)[A-Z0-9]+(:|$)') then split_part(_full_id, ':', 1)
            else coalesce(issuer_principal_id, '') end as principal_id,
        case
            when _type in ('AssumedRole', 'AWSAccount') and contains(_full_id, ':')
                then substr(_full_id, strpos(_full_id, ':') + 1)
            when _type = 'AssumedRole' then regexp_extract(_arn, ':assumed-role/[^/]+/(.+)$', 1)
            when _type = 'FederatedUser' then coalesce(nullif(regexp_extract(_arn, ':federated-user/(.+)$', 1), ''),
                substr(_full_id, strpos(_full_id, ':') + 1))
            else ''
        end as session_name,
        case
            when _type in ('AssumedRole', 'Role') then coalesce(
                nullif(issuer_name, ''), nullif(regexp_extract(_arn, ':assumed-role/([^/]+)', 1), ''),
                nullif(regexp_extract(coalesce(nullif(issuer_arn, ''), _arn), ':role/(?:.*/)?([^/]+)$', 1), ''), '')
            else ''
        end as _role_name,
        coalesce(nullif(_given[4], ''), nullif(_asked[1], ''),
            case when _verb = 'AssumeRole' then regexp_extract(_error_text, 'resource: (arn:[a-z-]+:iam::\d+:role/\S+)', 1)
            end, '') as _role_arn
    from located
),
-- A reserved single sign-on role gets a new suffix whenever its assignments are made again; the name stays.
cleaned as (
    select
        *,
        starts_with(_role_name, 'AWSReservedSSO_') as _sso,
        case when starts_with(_role_name, 'AWSReservedSSO_')
            then regexp_replace(_role_name, '_[0-9a-f]{16}$', '') else _role_name end as _role,
        coalesce(nullif(recipient_account_id, ''), _owner) as account
    from named
),
judged as (
    select
        *,
        case
            when _type = 'Root' then _owner || '/root'
            when _type = 'IAMUser' then _owner || coalesce(
                '/user/' || nullif(coalesce(nullif(_user, ''), regexp_extract(_arn, ':user/(?:.*/)?([^/]+)$', 1)), ''),
                '/user/' || nullif(principal_id, ''), '/unknown')
            when _type in ('AssumedRole', 'Role') then _owner
                || coalesce('/role/' || nullif(_role, ''), '/unknown/' || nullif(principal_id, ''), '/unknown')
            when _type = 'FederatedUser' then _owner || coalesce('/federated/' || nullif(session_name, ''), '/unknown')
            when _type in ('SAMLUser', 'WebIdentityUser', 'Directory') then account || coalesce('/federated/' || nullif(
                case when identity_provider like 'cognito-identity%' then identity_provider else _user end, ''), '/unknown')
            when _type = 'AWSAccount' then account || '/external/' || coalesce(nullif(case
                when contains(lower(coalesce(identity_account_id, '') || _full_id), 'anonymous') then 'anonymous'
                else identity_account_id end, ''), 'unknown') || coalesce('/' || nullif(principal_id, ''), '')
            when _type = 'AWSService' then 'service/' || coalesce(nullif(nullif(_invoked_by, ''), 'AWS Internal'),
                nullif(_service, ''), nullif(_source, ''), 'unknown')
            when identity_store_user <> '' then account || '/person/' || identity_store_user
            else account || '/unknown' || coalesce('/' || nullif(_user, ''), '')
        end as principal,
        lower(case
            when _type = 'IAMUser' then coalesce(nullif(_user, ''), regexp_extract(_arn, ':user/(?:.*/)?([^/]+)$', 1))
            when source_identity <> '' then source_identity
            when _sso then session_name
            when _type = 'FederatedUser' and issuer_type = 'IAMUser' then coalesce(issuer_name, '')
            when _type in ('SAMLUser', 'WebIdentityUser', 'Directory')
                then case when identity_provider like 'cognito-identity%' then '' else _user end
            when _type in ('IdentityCenterUser', 'Unknown') and _user <> '' and _type <> 'AWSAccount' then _user
            else coalesce(identity_store_user, '')
        end) as person,
        case
            when _key <> '' then _key
            when credential_id <> '' then credential_id
            when _full_id = '' then ''
            when session_created_at is not null
                then _full_id || '@' || strftime(session_created_at, '%Y-%m-%dT%H:%M:%SZ')
            when _name = 'ConsoleLogin' then _full_id || '@' || strftime(event_time, '%Y-%m-%dT%H:%M:%SZ')
            else ''
        end as credential,
        case
            when regexp_matches(_error, '(?i)access_?denied|unauthori[sz]ed|not_?authori[sz]ed|forbidden|authfailure|authorizationerror')
                then 'denied'
            when regexp_matches(_error, '(?i)throttl|requestlimitexceeded|slowdown|toomanyrequests|bandwidthlimit|throughputexceeded')
                then 'throttled'
            when _error_text <> '' and regexp_matches(_error_text, '(?i)explicit deny|not authorized to perform|^access denied')
                then 'denied'
            when _error_text = 'Rate exceeded' then 'throttled'
            when _signin and (
                regexp_matches(coalesce(response, ''), '(?i):\s*"failure"')
                or regexp_matches(coalesce(service_details, ''), '(?i):\s*"failure"')
                or regexp_matches(coalesce(additional, ''), '(?i)"success"\s*:\s*"?false') or _error_text <> '')
                then 'denied'
            when _error <> '' then 'other'
            else 'ok'
        end as outcome,
        case
            when _agent = '' then ''
            when _agent like 'aws internal%' then case when _console then 'console' else 'aws-service' end
            when regexp_matches(_agent, '^(console|signin)\.(amazonaws|aws\.amazon)\.com') then 'console'
            when regexp_matches(_agent, '^[a-z0-9.-]+\.amazonaws\.com(\.cn)?$') then 'aws-service'
            when contains(_agent, 'aws-internal/') then case when ip is null then 'aws-service' else 'console' end
            when starts_with(_agent, 's3console/') then 'console'
            when starts_with(_agent, 'mozilla/') then case when _console then 'console' else 'browser' end
            when contains(_agent, 'terraform') then 'terraform'
            when contains(_agent, 'pulumi') then 'pulumi'
            when contains(_agent, 'trufflehog') then 'trufflehog'
            when contains(_agent, 'amazon-ssm-agent') then 'ssm-agent'
            when starts_with(_agent, 'aws-cli/') then 'aws-cli/' || regexp_extract(_agent, '^aws-cli/(\d)', 1)
            when contains(_agent, 'boto3') then 'boto3'
            when contains(_agent, 'botocore') then 'botocore'
            when contains(_agent, 'aws-sdk-') then regexp_extract(_agent, 'aws-sdk-(?:go-v2|[a-z0-9]+)')
            else coalesce(nullif(regexp_extract(_agent,
                '^(java|python-urllib|python-requests|go-http-client|curl|jersey|okhttp|axios|node|rclone|docker)', 1), ''),
                'other')
        end as _family,
        case
            when _agent = '' then ''
            when regexp_matches(_agent, 'kali|parrot|pentoo') then ' kali'
            when contains(_agent, 'exec-env/cloudshell') then ' cloudshell'
            when contains(_agent, 'exec-env/aws_lambda') then ' lambda'
            when contains(_agent, 'exec-env/aws_ecs') then ' ecs'
            when contains(_agent, 'windows') then ' windows'
            when regexp_matches(_agent, 'darwin|macos|mac os') then ' macos'
            when contains(_agent, 'linux') then ' linux'
            else ''
        end as _system
    from cleaned
)
select
    * exclude (
        _type, _full_id, _arn, _user, _invoked_by, _key, _source, _name, _error, _error_text, _place, _agent, _console,
        _signin, _verb, _given, _asked, _number, _service, _internal, _hextets, _v4, _owner, _role_name, _role_arn,
        _sso, _role, _family, _system
    ) replace (_type as identity_type),
    case when starts_with(_key, 'AKIA') then _key else '' end as long_term_key,
    case
        when _signin and _type not in ('AWSService', '') then case
            when _family in ('aws-service', 'console', 'browser') or lower(event_type) <> 'awsapicall' then 'console'
            else 'direct' end
        when _type = 'AWSService' or lower(event_type) = 'awsserviceevent' then 'service'
        when _invoked_by not in ('', 'AWS Internal') then 'via-service'
        when _console or lower(event_type) in ('awsconsolesignin', 'awsconsoleaction') then 'console'
        when _invoked_by <> '' or ip_kind in ('aws', 'service') then 'via-service'
        when _family in ('console', 'browser') then 'console'
        else 'direct'
    end as origin,
    case
        when ip_kind = 'private' and vpc_endpoint_id like 'vpce-%' then vpc_endpoint_id
        when _v4 is not null then regexp_replace(ip, '\d+$', '0/24')
        when ip is not null then array_to_string(_hextets[1:3], ':') || '::/48'
        when _internal then 'AWS Internal'
        else _service
    end as address,
    case when _family in ('', 'console', 'aws-service', 'other') and _system <> ' kali' then _family
        else _family || _system end as client,
    case
        when _verb = 'SwitchRole' or _verb = 'RenewRole' then principal
        when _verb = 'AssumeRoot' and _asked[2] <> '' then regexp_extract(_asked[2], '\d{12}') || '/root'
        when _role_arn <> '' and _verb in ('AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity',
            'AssumeRoleForPodIdentity', 'CreateSession')
            then split_part(_role_arn, ':', 5) || '/role/' || regexp_replace(
                case when contains(_role_arn, ':assumed-role/') then split_part(_role_arn, '/', 2)
                    else regexp_extract(_role_arn, '([^/]+)$', 1) end, '^(AWSReservedSSO_.+)_[0-9a-f]{16}$', '\1')
        else ''
    end as role,
    left(coalesce(list_filter(_asked[4:], lambda t: t <> '' and left(t, 1) not in ('{', '[')
        and t <> 'HIDDEN_DUE_TO_SECURITY_REASONS')[1], case when _role_arn <> '' then regexp_extract(_role_arn, '([^/]+)$', 1)
        end, ''), 256) as target,
    coalesce(nullif(_asked[4], 'HIDDEN_DUE_TO_SECURITY_REASONS'), '') as target_user,
    replace(_source, '.amazonaws.com', '') || ':' || _verb as action,
    case
        when _name = 'ConsoleLogin' and _type in ('IAMUser', 'Root') then case
            when contains(additional, '"MFAUsed"') then
                case when regexp_matches(additional, '"MFAUsed"\s*:\s*"Yes"') then 'yes' else 'no' end
            else 'n/a' end
        when lower(mfa_authenticated) = 'true' then 'yes'
        when lower(mfa_authenticated) = 'false' and _type in ('IAMUser', 'Root') then 'no'
        else 'n/a'
    end as mfa,
    coalesce(nullif(_given[1], ''), nullif(_given[2], ''), nullif(_given[3], ''), '') as issued_key,
    hour(event_time)::tinyint as hour
from judged
