-- Grain: account × service × resource that the credentials of a tree touched.
-- reads: done
with named as (
    select
        account,
        replace(event_source, '.amazonaws.com', '') as service,
        unnest(case
            when target <> '' then [target]
            when resources <> '' and json_valid(resources) and json_type(resources) = 'ARRAY'
                then coalesce(list_filter(from_json(json_extract(resources, '$[*].ARN'), '["VARCHAR"]'),
                    lambda arn: arn is not null), [])
            else []
        end) as resource,
        outcome, read_only, event_time
    from done
)

select
    account, service, resource,
    count(*) filter (where outcome = 'ok' and coalesce(read_only, false)) as reads,
    count(*) filter (where outcome = 'ok' and not coalesce(read_only, false)) as changes,
    count(*) filter (where outcome = 'denied') as denied,
    min(event_time) as first_time,
    max(event_time) as last_time
from named
where resource <> ''
group by all
order by changes desc, reads desc, service, resource
limit 1000
