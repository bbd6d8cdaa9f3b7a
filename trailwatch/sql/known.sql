-- Grain: account × principal × person × dimension × value over all history: when it was first seen, and the last month in
-- which it was seen up to the end of $day. The months of `seen` put together once; months to come cost their rows only.
-- reads: seen   params: $day
select
    account,
    principal,
    person,
    dimension,
    value,
    min(first_time) as first_time,
    max(month) filter (where first_time < $day::date + 1) as last_month
from seen
group by all
