-- Grain: person or principal with a zone of its own: the longest pattern (shell glob) that fits.
-- reads: used_days, zone_patterns
with subjects as (
    select person as subject from used_days where person <> ''
    union
    select principal from used_days where principal <> ''
)

select s.subject, z.time_zone
from subjects as s
inner join zone_patterns as z on lower(s.subject) glob lower(z.pattern)
qualify row_number() over (partition by s.subject order by length(z.pattern) desc, z.pattern) = 1
