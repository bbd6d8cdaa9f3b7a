-- Grain: day × issue of a temporary credential, the day in front of the credential.
-- reads: day_links
select * exclude (day) replace (strftime(day, '%Y-%m-%d:') || credential as credential)
from day_links
