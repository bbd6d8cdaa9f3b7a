-- hit_events: one row per event that a detection or the model points at, with the wanted columns only.
-- reads: scope, hits   params: $wanted
select columns(lambda name: list_contains($wanted, name))
from scope
semi join hits using (event_id)
