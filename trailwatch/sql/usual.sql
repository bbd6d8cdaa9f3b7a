-- Grain: principal × person × measure: the median of its active days and how far they lie from it (MAD).
-- reads: daily
with measured as (
    unpivot (select principal, person, events, writes, denied, actions, addresses from daily)
    on events, writes, denied, actions, addresses
    into name measure value amount
)

select
    principal,
    person,
    measure,
    count(*) as days,
    median(amount)::double as median,
    mad(amount)::double as mad,
    max(amount)::bigint as most
from measured
group by all
