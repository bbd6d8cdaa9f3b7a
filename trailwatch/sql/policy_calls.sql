-- grain: one call of the principals in `replayed` within their time, under the name that its permission goes by
-- reads: meant, replayed
select
    m.*,
    -- To reach an old version of an object takes another permission than the newest one.
    case when m.event_source = 's3.amazonaws.com' and m.event_name in ('GetObject', 'HeadObject', 'DeleteObject',
            'GetObjectTagging', 'PutObjectTagging', 'DeleteObjectTagging', 'GetObjectAcl', 'PutObjectAcl',
            'GetObjectAttributes') and contains(coalesce(m.request, ''), '"versionId"')
        then replace(replace(m.event_name, 'HeadObject', 'GetObject'), 'Object', 'ObjectVersion')
        else m.event_name end as called
from meant as m
join replayed as r
    on m.principal = r.principal
    and m.event_time >= r.since and m.event_time < r.until
