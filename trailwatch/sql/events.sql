-- grain: one CloudTrail record with what it says by itself; text columns of meaning are never null ('' = none)
-- reads: raw_events
-- A function of one stored column runs once per distinct value (Parquet hands over a dictionary), behind coalesce or
-- case once per row: so dear functions stand on stored columns. regexp_extract has this gift, regexp_matches has not.
with
plain as (
    select
        *,
        coalesce(nullif(identity_type, ''), case
            when identity_arn like '%:assumed-role/%' then 'AssumedRole'
            when identity_arn like '%:user/%' then 'IAMUser'
            when identity_arn like '%:federated-user/%' then 'FederatedUser'
            when identity_arn like '%:root' then 'Root'
            when invoked_by <> '' or lower(event_type) = 'awsserviceevent' then 'AWSService'
        end, '') as _type,
        coalesce(identity_principal_id, '') as _id,
        coalesce(identity_arn, '') as _arn,
        -- A hidden name stands for many people; as a name it would pool them into one hot identity.
        coalesce(case when user_name <> 'HIDDEN_DUE_TO_SECURITY_REASONS' then user_name end, '') as _user,
        coalesce(invoked_by, '') as _invoked_by,
        coalesce(access_key_id, '') as _key,
        coalesce(event_source, '') as _source,
        lower(coalesce(event_type, '')) as _kind,
        coalesce(error_code, '') as _error,
        coalesce(error_message, '') as _error_text,
        trim(source_ip) as _place,
        lower(ltrim(user_agent, '[ ')) as _agent,
        coalesce(lower(console_session) = 'true', false) as _console,
        coalesce(event_source = 'signin.amazonaws.com', false) as _signin,
        coalesce(try_cast(session_created as timestamptz),
            timezone('UTC', try_strptime(session_created, '%Y%m%dT%H%M%SZ'))) as session_created_at,
        -- A service may write the date of its API into the name: GetFunction20150331v2, CreateDistribution2020_05_31.
        case when right(event_name, 1) between '0' and '9'
            then regexp_replace(event_name, '_?20\d\d_?\d\d_?\d\d(v\d+)?$', '') else coalesce(event_name, '')
        end as _verb,
        case
            when event_source in ('sts.amazonaws.com', 'signin.amazonaws.com', 'rolesanywhere.amazonaws.com',
                'eks-auth.amazonaws.com', 'cognito-identity.amazonaws.com') or event_name = 'CreateAccessKey'
                then try(json_extract_string(response, ['$.credentials.accessKeyId', '$.accessKey.accessKeyId',
                    '$.credentialSet[0].credentials.accessKeyId', '$.assumedRoleUser.arn', '$.subjectType']))
        end as _given,
        case
            when event_source in ('sts.amazonaws.com', 'rolesanywhere.amazonaws.com', 'eks-auth.amazonaws.com')
                then try(json_extract_string(request, ['$.roleArn', '$.targetPrincipal', '$.roleSessionName']))
        end as _wanted,
        -- All places of a service in one pass; a parse for each would cost ten times as much.
        case event_source
            when 'iam.amazonaws.com' then try(json_extract_string(request, ['$.userName', '$.roleName', '$.groupName',
                '$.instanceProfileName', '$.policyArn', '$.policyName', '$.serialNumber', '$.accessKeyId']))
            when 's3.amazonaws.com' then try(json_extract_string(request, ['$.userName', '$.bucketName', '$.bucket']))
            when 'ec2.amazonaws.com' then try(json_extract_string(request, ['$.userName', '$.instanceId',
                '$.instancesSet.items[0].instanceId', '$.groupId', '$.volumeId', '$.snapshotId', '$.imageId',
                '$.networkInterfaceId', '$.subnetId', '$.routeTableId', '$.vpcId', '$.keyName']))
            when 'kms.amazonaws.com' then try(json_extract_string(request, ['$.userName', '$.keyId', '$.aliasName']))
            else try(json_extract_string(request, ['$.userName', '$.secretId', '$.functionName', '$.tableName',
                '$.dBInstanceIdentifier', '$.dBClusterIdentifier', '$.dBSnapshotIdentifier', '$.trailName',
                '$.logGroupName', '$.stackName', '$.repositoryName', '$.clusterName', '$.queueUrl', '$.topicArn',
                '$.detectorId', '$.instanceId', '$.instanceIds[0]', '$.roleName', '$.groupName', '$.bucketName',
                '$.name', '$.names[0]', '$.documentName', '$.resourceId', '$.resourceArn', '$.accountId', '$.id']))
        end as _asked
    from raw_events
),
placed as (
    select
        *,
        regexp_extract(regexp_replace(_place, '^(?i)::ffff:([0-9.]+)$', '\1'),
            '^((?:0*(?:25[0-5]|2[0-4]\d|1?\d?\d)\.){3}0*(?:25[0-5]|2[0-4]\d|1?\d?\d))(?:/[^:]*)?$', 1) as _octets,
        nullif(_octets, '') as _dotted,
        regexp_replace(_octets, '\d+$', '0/24') as _net,
        -- A reserved single sign-on role gets a new suffix whenever it is assigned again; the name stays.
        regexp_replace(issuer_name, '^(AWSReservedSSO_.+)_[0-9a-f]{16}$', '\1') as _issuer,
        regexp_extract(_agent, 'aws-sdk-(?:go-v2|go|java|js|nodejs|php|ruby|rust|dotnet|net|cpp|kotlin|swift)') as _sdk,
        regexp_extract(_agent, '^(java|python-urllib|python-requests|python-httpx|go-http-client|curl|wget|jersey|'
            || 'okhttp|axios|node-fetch|apache-httpclient|rclone|cyberduck|winscp|s3 browser|docker|containerd|'
            || 'postmanruntime|insomnia)\b', 1) as _tool,
        regexp_extract(_agent, '^(s3console/|console\.|signin\.)') as _page,
        regexp_extract(_agent, '\.amazonaws\.com(\.cn)?\]?$') as _caller,
        case when regexp_extract(_place, '^(?i)::ffff:[0-9a-f]{1,4}:[0-9a-f]{1,4}$') <> '' then concat_ws('.',
                ('0x' || split_part(_place, ':', 4))::int >> 8, ('0x' || split_part(_place, ':', 4))::int & 255,
                ('0x' || split_part(_place, ':', 5))::int >> 8, ('0x' || split_part(_place, ':', 5))::int & 255)
        end as _mapped,
        case when contains(_place, ':') and regexp_matches(_place, '^(?i)[0-9a-f]{0,4}(:[0-9a-f]{0,4}){2,7}(/\d+)?$')
            then lower(split_part(_place, '/', 1)) end as _colons,
        lower(regexp_extract(_place, '^(?i)[a-z0-9.-]{1,100}\.(amazonaws\.com(\.cn)?|amazon\.com|aws)$')) as _service,
        coalesce(starts_with(_place, 'AWS Internal'), false) as _internal,
        list_any_value(_asked) as _first
    from plain
),
numbered as (
    select
        *,
        case when _colons is not null then list_transform(
            list_filter(string_split(split_part(_colons, '::', 1), ':'), lambda h: h <> '')
            || case when contains(_colons, '::') then list_transform(range(
                8 - len(list_filter(string_split(_colons, ':'), lambda h: h <> ''))), lambda n: '0') else [] end
            || list_filter(string_split(split_part(_colons, '::', 2), ':'), lambda h: h <> ''),
            lambda h: coalesce(nullif(ltrim(h, '0'), ''), '0')) end as _hextets,
        case when starts_with(_dotted, '0') or contains(_dotted, '.0')
            then regexp_replace(_dotted, '(^|\.)0+(\d)', '\1\2', 'g') else coalesce(_dotted, _mapped) end as _v4
    from placed
),
named as (
    select
        *,
        coalesce(_v4, case when len(_hextets) = 8
            then regexp_replace(array_to_string(_hextets, ':'), '(^|:)0(:0)+(:|$)', '::') end) as ip,
        -- A key id made since 2019 holds its account in the bits behind its prefix.
        coalesce(nullif(identity_account_id, ''), nullif(issuer_account_id, ''),
            nullif(split_part(identity_arn, ':', 5), ''),
            case when regexp_matches(_key, '^A[KS]IA[Q-Z2-7][A-Z2-7]{15}$') then lpad((((list_reduce(list_transform(
                string_split(substr(_key, 5, 10), ''),
                lambda c: (strpos('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', c) - 1)::bigint), lambda a, b: a * 32 + b) >> 2)
                & 140737488355200) >> 7)::varchar, 12, '0') end,
            nullif(recipient_account_id, ''), '') as _owner,
        coalesce(nullif(regexp_extract(identity_principal_id, '^(A(?:IDA|ROA)[A-Z0-9]+)(?::|$)', 1), ''),
            issuer_principal_id, '') as principal_id,
        case
            when _type in ('AssumedRole', 'AWSAccount') and contains(_id, ':') then substr(_id, strpos(_id, ':') + 1)
            when _type = 'AssumedRole' then regexp_extract(_arn, ':assumed-role/[^/]+/(.+)$', 1)
            when _type = 'FederatedUser' then coalesce(nullif(regexp_extract(_arn, ':federated-user/(.+)$', 1), ''),
                substr(_id, strpos(_id, ':') + 1))
            else ''
        end as session_name,
        case when _type in ('AssumedRole', 'Role') then coalesce(
            nullif(issuer_name, ''), nullif(regexp_extract(identity_arn, ':assumed-role/([^/]+)', 1), ''),
            regexp_extract(coalesce(nullif(issuer_arn, ''), _arn), ':role/(?:.*/)?([^/]+)$', 1))
        else '' end as _role_name,
        case when _type = 'IAMUser' then coalesce(nullif(_user, ''), regexp_extract(_arn, ':user/(?:.*/)?([^/]+)$', 1))
        else '' end as _user_name,
        -- A denied call has no parameters; the role stands in its message alone.
        case when _wanted is null and _source <> 'sts.amazonaws.com' then '' else coalesce(
            nullif(_given[4], ''), nullif(_wanted[1], ''), case when event_name = 'AssumeRole'
                then regexp_extract(_error_text, 'resource: (arn:[a-z-]+:iam::\d+:role/\S+)', 1) end, '')
        end as _role_arn,
        -- Application users of an identity pool are not staff; a transient subject is another one every time.
        case
            when coalesce(identity_provider, '') like '%cognito-identity%' then ''
            when _type = 'SAMLUser' and lower(_given[5]) like '%transient' then coalesce(_wanted[3], '')
            else _user
        end as _subject
    from numbered
),
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
    from named
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
