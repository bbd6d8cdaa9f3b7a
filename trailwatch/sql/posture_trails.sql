-- iam_trails. Grain: trail as one account sees it. Without selectors CloudTrail logs all management events; where the
-- export could not read them, nothing is said.
-- reads: exports
with trails as (
    select account, unnest(json_extract(body, '$[*]')) as trail
    from exports
    where kind = 'trails'
),

numbered as materialized (
    select
        *,
        row_number() over () as number,
        as_list(json_extract(trail, '$.EventSelectors')) as basic,
        as_list(json_extract(trail, '$.AdvancedEventSelectors')) as advanced
    from trails
),

basics as (
    select number, unnest(basic) as selector from numbered
),

fields as (
    select number, place, unnest(as_list(json_extract(advanced[place], '$.FieldSelectors'))) as f
    from (select number, advanced, unnest(range(1, len(advanced) + 1)) as place from numbered)
),

advanceds as (
    select
        number,
        place,
        bool_or(lower(field(f, '$.Field')) = 'eventcategory' and list_contains(texts(f, 'Equals'), 'Management'))
            as management,
        bool_or(lower(field(f, '$.Field')) = 'eventcategory' and list_contains(texts(f, 'Equals'), 'Data')) as data,
        bool_or(lower(field(f, '$.Field')) = 'readonly' and list_contains(texts(f, 'Equals'), 'true')) as reads,
        bool_or(lower(field(f, '$.Field')) = 'readonly' and list_contains(texts(f, 'Equals'), 'false')) as writes,
        flatten(list(texts(f, 'NotEquals')) filter (where lower(field(f, '$.Field')) = 'eventsource')) as excluded
    from fields
    group by number, place
),

selected as (
    select
        number,
        json_extract(selector, '$.IncludeManagementEvents') is null
            or field(selector, '$.IncludeManagementEvents') = 'true' as management,
        coalesce(field(selector, '$.ReadWriteType'), 'All') in ('All', 'ReadOnly') as reads,
        coalesce(field(selector, '$.ReadWriteType'), 'All') in ('All', 'WriteOnly') as writes,
        texts(selector, 'ExcludeManagementEventSources') as excluded,
        len(as_list(json_extract(selector, '$.DataResources'))) > 0 as data
    from basics
    union all
    -- readOnly that is not selected on lets both through.
    select number, management, reads or not writes, writes or not reads, coalesce(excluded, []), data
    from advanceds
),

chosen as (
    select
        number,
        coalesce(bool_or(reads) filter (where management), false) as reads,
        coalesce(bool_or(writes) filter (where management), false) as writes,
        list_distinct(flatten(list(excluded) filter (where management))) as excluded,
        bool_or(data) as data
    from selected
    group by number
)

select
    n.account,
    coalesce(field(n.trail, '$.Name'), '') as trail,
    coalesce(field(n.trail, '$.TrailARN'), '') as arn,
    coalesce(field(n.trail, '$.HomeRegion'), '') as home_region,
    try_cast(field(n.trail, '$.IsMultiRegionTrail') as boolean) as multi_region,
    try_cast(field(n.trail, '$.IsOrganizationTrail') as boolean) as organization,
    try_cast(field(n.trail, '$.IsLogging') as boolean) as logging,
    try_cast(field(n.trail, '$.LogFileValidationEnabled') as boolean) as validation,
    case
        when coalesce(json_type(n.trail, '$.EventSelectors'), 'NULL') = 'NULL'
            and coalesce(json_type(n.trail, '$.AdvancedEventSelectors'), 'NULL') = 'NULL' then null
        when c.number is null or (c.reads and c.writes) then 'All'
        when c.reads then 'ReadOnly'
        when c.writes then 'WriteOnly'
        else 'None'
    end as management,
    coalesce(c.excluded, []) as excluded,
    coalesce(c.data, false) as data_events,
    coalesce(field(n.trail, '$.LatestDeliveryError'), '') as delivery_error
from numbered as n
left join chosen as c on c.number = n.number
