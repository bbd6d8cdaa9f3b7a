-- Grain: day × issue of a temporary credential: what that day's window of sessions says, the day taken off again.
-- reads: links_of_days
select
    l.account[1:10]::date as day,
    l.* replace (
        l.account[12:] as account,
        l.principal[12:] as principal,
        l.parent_principal[12:] as parent_principal
    )
from links_of_days as l
