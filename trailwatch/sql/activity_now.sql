-- Grain: as activity; a user or role that was made again under an old name starts anew, the former one keeps its history
-- under its unique id.
-- reads: activity_files, formers
select
    a.* replace (if(f.principal is null, a.principal, a.principal || '#' || a.principal_id) as principal)
from activity_files as a
left join formers as f on f.principal = a.principal and f.principal_id = a.principal_id
