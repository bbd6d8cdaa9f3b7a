-- clause_hits: one row per event and detection whose clause it meets.
-- reads: matches, named
select
    n.id as detection,
    m.event_id, m.event_time, m.account, m.principal, m.person, m.credential, m.group_key,
    coalesce(cast(m.evidence as varchar), '{}') as evidence
from matches m join named n using (rule)
