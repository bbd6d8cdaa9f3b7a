-- Grain: person or principal with a zone of its own: the longest pattern (shell glob) that fits.
-- reads: activity_window, zone_patterns
with subjects as (
    select person as subject from activity_window where person <> ''
    union
    select principal from activity_window where principal <> ''
)

select s.subject, z.time_zone
from subjects as s
inner join zone_patterns as z on lower(s.subject) glob lower(z.pattern)
qualify row_number() over (partition by s.subject order by length(z.pattern) desc, z.pattern) = 1
