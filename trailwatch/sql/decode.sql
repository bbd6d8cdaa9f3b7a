-- grain: one record of a source object: an event (record_class ''), a record of another class, or one not understood
-- reads: arriving(raw, object_id, key_day)
-- params: $shards, $now
with
transformed as (
    -- One pass over the text; nested values that differ in type per service stay JSON text.
    select raw, object_id, key_day, json_transform(raw, '{
        "eventVersion": "VARCHAR", "eventTime": "VARCHAR", "eventSource": "VARCHAR", "eventName": "VARCHAR",
        "eventType": "VARCHAR", "eventCategory": "VARCHAR", "eventID": "VARCHAR", "awsRegion": "VARCHAR",
        "recipientAccountId": "VARCHAR", "sharedEventID": "VARCHAR", "requestID": "VARCHAR",
        "sourceIPAddress": "VARCHAR", "userAgent": "VARCHAR", "errorCode": "VARCHAR", "errorMessage": "VARCHAR",
        "readOnly": "VARCHAR", "managementEvent": "VARCHAR",
        "userIdentity": {
            "type": "VARCHAR", "principalId": "VARCHAR", "arn": "VARCHAR", "accountId": "VARCHAR",
            "accessKeyId": "VARCHAR", "userName": "VARCHAR", "invokedBy": "VARCHAR", "identityProvider": "VARCHAR",
            "credentialId": "VARCHAR", "inScopeOf": "JSON",
            "onBehalfOf": {"userId": "VARCHAR"}, "invokedByDelegate": {"accountId": "VARCHAR"},
            "sessionContext": {
                "sourceIdentity": "VARCHAR", "ec2RoleDelivery": "VARCHAR", "assumedRoot": "VARCHAR",
                "sessionIssuer": {"type": "VARCHAR", "arn": "VARCHAR", "principalId": "VARCHAR",
                    "accountId": "VARCHAR", "userName": "VARCHAR"},
                "attributes": {"creationDate": "VARCHAR", "mfaAuthenticated": "VARCHAR",
                    "sessionCredentialFromConsole": "VARCHAR"},
                "webIdFederationData": {"federatedProvider": "VARCHAR"}
            }
        },
        "sessionCredentialFromConsole": "VARCHAR", "vpcEndpointId": "VARCHAR", "vpcEndpointAccountId": "VARCHAR",
        "requestParameters": "JSON", "responseElements": "JSON", "additionalEventData": "JSON",
        "serviceEventDetails": "JSON", "resources": "JSON", "addendum": "JSON", "tlsDetails": "JSON"
    }') as r
    from arriving
),
timed as (
    select
        *,
        -- Compared as text, so that `infinity`, `epoch`, plain dates and years before Christ are no times.
        try_cast(case when r.eventTime >= '2000' and r.eventTime < '2100' and strlen(r.eventTime) > 18
            and not contains(r.eventTime, '(') then r.eventTime end as timestamptz) as event_time,
        case
            when r.eventCategory in ('Management', 'Data') then 'event'
            when r.eventCategory <> '' then lower(r.eventCategory)
            else case lower(r.eventType)
                when 'awscloudtrailinsight' then 'insight'
                when 'awsvpceevent' then 'networkactivity'
                when 'awsvpceevents' then 'networkactivity'
                when 'awsaggregatedevent' then 'aggregated'
                else 'event' end
        end as category
    from transformed
),
judged as (
    select
        *,
        case
            when category in ('insight', 'networkactivity', 'aggregated') then null
            when category not in ('event', 'management', 'data') then 'unknown eventCategory'
            when r.eventTime is null then 'no eventTime'
            when event_time is null then 'eventTime is not a time'
            when r.eventSource is null and r.eventName is null then 'no eventSource and no eventName'
        end as reason,
        case category
            when 'insight' then 'Insight' when 'networkactivity' then 'NetworkActivity'
            when 'aggregated' then 'Aggregated' else '' end as named_class
    from timed
)
select
    case when event_time is not null then event_time::date
        -- Aggregated records have a window in place of a time.
        else coalesce(try_cast(json_extract_string(raw, '$.timeWindow.windowStart')[:10] as date), key_day) end as dt,
    coalesce((try_cast(case when strlen(r.recipientAccountId) = 12 then r.recipientAccountId
        else r.userIdentity.accountId end as bigint) % $shards)::integer, 0) as shard,
    case when r.eventID <> '' then r.eventID
        else coalesce(nullif(json_extract_string(raw, '$.eventId'), ''), 'sha256:' || sha256(raw)) end as event_id,
    event_time,
    r.eventVersion as event_version,
    r.eventSource as event_source,
    r.eventName as event_name,
    r.eventType as event_type,
    r.eventCategory as event_category,
    r.awsRegion as aws_region,
    r.recipientAccountId as recipient_account_id,
    r.sharedEventID as shared_event_id,
    r.requestID as request_id,
    r.sourceIPAddress as source_ip,
    r.userAgent as user_agent,
    r.errorCode as error_code,
    r.errorMessage as error_message,
    -- Some producers write booleans as text; anything else is no answer.
    case lower(r.readOnly) when 'true' then true when 'false' then false end as read_only,
    case lower(r.managementEvent) when 'true' then true when 'false' then false end as management_event,
    r.userIdentity.type as identity_type,
    r.userIdentity.principalId as identity_principal_id,
    r.userIdentity.arn as identity_arn,
    r.userIdentity.accountId as identity_account_id,
    r.userIdentity.accessKeyId as access_key_id,
    r.userIdentity.userName as user_name,
    r.userIdentity.invokedBy as invoked_by,
    r.userIdentity.onBehalfOf.userId as identity_store_user,
    r.userIdentity.identityProvider as identity_provider,
    r.userIdentity.credentialId as credential_id,
    r.userIdentity.invokedByDelegate.accountId as delegate_account_id,
    r.userIdentity.sessionContext.sessionIssuer.type as issuer_type,
    r.userIdentity.sessionContext.sessionIssuer.arn as issuer_arn,
    r.userIdentity.sessionContext.sessionIssuer.principalId as issuer_principal_id,
    r.userIdentity.sessionContext.sessionIssuer.accountId as issuer_account_id,
    r.userIdentity.sessionContext.sessionIssuer.userName as issuer_name,
    r.userIdentity.sessionContext.attributes.creationDate as session_created,
    r.userIdentity.sessionContext.attributes.mfaAuthenticated as mfa_authenticated,
    r.userIdentity.sessionContext.sourceIdentity as source_identity,
    r.userIdentity.sessionContext.ec2RoleDelivery as role_delivery,
    r.userIdentity.sessionContext.assumedRoot as assumed_root,
    r.userIdentity.sessionContext.webIdFederationData.federatedProvider as web_id_provider,
    coalesce(r.sessionCredentialFromConsole,
        r.userIdentity.sessionContext.attributes.sessionCredentialFromConsole) as console_session,
    r.vpcEndpointId as vpc_endpoint_id,
    r.vpcEndpointAccountId as vpc_endpoint_account_id,
    r.requestParameters::varchar as request,
    r.responseElements::varchar as response,
    r.additionalEventData::varchar as additional,
    r.serviceEventDetails::varchar as service_details,
    r.resources::varchar as resources,
    r.userIdentity.inScopeOf::varchar as in_scope_of,
    r.addendum::varchar as addendum,
    r.tlsDetails::varchar as tls,
    object_id,
    $now::timestamptz as ingested_at,
    case when reason is not null then 'not-understood' else named_class end as record_class,
    reason,
    case when reason is not null or named_class <> '' then raw end as raw
from judged
