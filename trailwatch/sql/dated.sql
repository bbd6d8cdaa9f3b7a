-- Grain: one event of the wanted partitions; its credentials carry the day in front, as those of `links` do, so that
-- they find the links of their own day only.
-- reads: chosen
select
    dt, shard, event_id, event_time, account, identity_type, principal, principal_id, person, long_term_key, origin,
    event_source, event_name, action, read_only, aws_region, address, client, outcome, role, target, resources,
    case when credential <> '' then strftime(dt, '%Y-%m-%d:') || credential else '' end as credential,
    case when issued_key <> '' then strftime(dt, '%Y-%m-%d:') || issued_key else '' end as issued_key
from chosen
