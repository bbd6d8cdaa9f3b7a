-- novel_hits: one row per event (the first hundred) of each new value, with the evidence.
-- reads: novel, asked   params: $history
select
    a.id as detection,
    u.event.event_id, u.event.event_time, u.event.account, u.event.principal, u.event.person, u.event.credential,
    u.group_key,
    u.evidence
from (
    select
        n.rule,
        n.group_key,
        unnest(n.first_events) as event,
        to_json({
            'new': n.dimension, 'value': n.value, 'for': n.kind, 'events': n.events, 'first_time': n.first_time,
            'history': if($history, 'never before in the store', 'no history: new within these files'),
            'known_since': n.subject_since, 'known_days': if($history, n.days_known, null),
            'others': if(n.peers, n.others, null), 'others_using': if(n.peers, n.others_using, null),
            -- What no peer does either weighs more; what is only new within a few files weighs less.
            'novelty': case when not $history then 0.5 when n.peers and n.others >= 5 and n.others_using = 0 then 1.25
                else 1.0 end
        })::varchar as evidence
    from novel n
    where not n.learning and n.rare
) u
join asked a using (rule)
