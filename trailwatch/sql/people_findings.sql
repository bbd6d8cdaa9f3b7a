-- people_findings: one row per finding and digest, without the JSON that the digest keeps.
-- reads: findings
select
    * exclude (body, run),
    list_position(['info', 'low', 'medium', 'high', 'critical'], severity) as severity_rank
from main.findings
