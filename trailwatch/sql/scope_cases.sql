-- scope_cases: scope, with what a case says of the context of its events.
-- reads: scope_plain, case_context
select s.* replace (
    coalesce(c.local_time, s.local_time) as local_time,
    coalesce(c.time_zone, s.time_zone) as time_zone,
    coalesce(c.shift, s.shift) as shift,
    coalesce(c.network, s.network) as network,
    coalesce(c.network_rule, s.network_rule) as network_rule,
    coalesce(c.ended, s.ended) as ended,
    coalesce(c.account_name, s.account_name) as account_name,
    coalesce(c.partner, s.partner) as partner,
    coalesce(c.history, s.history) as history,
    coalesce(c.days_known, s.days_known) as days_known,
    coalesce(c.person_days_known, s.person_days_known) as person_days_known,
    coalesce(c.principal_gap, s.principal_gap) as principal_gap,
    coalesce(c.person_gap, s.person_gap) as person_gap,
    coalesce(c.key_gap, s.key_gap) as key_gap,
    coalesce(c.principal_rhythm, s.principal_rhythm) as principal_rhythm,
    coalesce(c.person_rhythm, s.person_rhythm) as person_rhythm,
    coalesce(c.key_rhythm, s.key_rhythm) as key_rhythm,
    coalesce(c.hour_share, s.hour_share) as hour_share,
    coalesce(c.asn, s.asn) as asn,
    coalesce(c.country, s.country) as country
)
from scope_plain s left join case_context c using (event_id)
