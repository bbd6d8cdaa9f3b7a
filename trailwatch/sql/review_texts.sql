-- grain: managed policy of the newest exports, with the text of its default version
-- reads: exports
with managed as (
    select account, unnest(json_extract(body, '$.Policies[*]')) as policy
    from exports
    where kind = 'authorization-details'
),

versions as (
    select account, field(policy, '$.Arn') as arn, unnest(json_extract(policy, '$.PolicyVersionList[*]')) as version
    from managed
)

select account, arn, any_value(json_extract(version, '$.Document'))::varchar as document
from versions
where field(version, '$.IsDefaultVersion') = 'true'
group by account, arn
