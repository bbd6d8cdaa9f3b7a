-- Grain: one CloudTrail record taken apart: its texts without the traps of their kinds, its address, its names, and
-- what its JSON holds in those places where meaning stands. What follows from them is said by events.sql.
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
        -- No infinity and nothing before Christ: a time that no calendar holds breaks whoever reads the row.
        coalesce(try_cast(regexp_extract(session_created, '^[12]\d{3}-[^(]*$') as timestamptz),
            timezone('UTC', try_strptime(regexp_extract(session_created, '^[12]\d{7}T.*$'), '%Y%m%dT%H%M%SZ'))
        ) as session_created_at,
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
)
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
