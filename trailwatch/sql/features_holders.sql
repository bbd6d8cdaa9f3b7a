-- Grain: scope × holder, with its peer group. Scope `what` is principal and person together, `where` the person alone
-- (the principal where nobody is behind it).
-- reads: features_cells
select distinct
    'what' as scope,
    principal || chr(31) || person as holder,
    case when person <> '' or principal like '%/root' then 'person' else 'workload' end as peer
from features_cells
union all
select distinct
    'where',
    who,
    case when person <> '' or principal like '%/root' then 'person' else 'workload' end
from features_cells
