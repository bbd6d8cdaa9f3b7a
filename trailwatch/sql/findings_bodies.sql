-- findings_bodies: the newest row of each finding that is still open, whole.
-- reads: findings, open_findings
select f.id, f.body
from findings f
semi join open_findings o on o.id = f.id and o.day = f.dt
