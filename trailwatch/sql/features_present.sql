-- Grain: holder × dimension × value × day. Actions, regions and roles are held by principal and person together,
-- addresses and clients by the person (by the principal where nobody is behind it).
-- reads: features_cells
select principal || chr(31) || person as holder, 'action' as dimension, action as value, dt, max(weight) as weight
from features_cells
group by all
union all
select principal || chr(31) || person, 'region', region, dt, 1.0
from features_cells
where interactive and region <> ''
group by all
union all
select principal || chr(31) || person, 'role', role, dt, 1.0
from features_cells
where role <> ''
group by all
union all
select who, 'address', address, dt, 1.0
from features_cells
where interactive and address <> ''
group by all
union all
select who, 'client', client, dt, 1.0
from features_cells
where interactive and client <> ''
group by all
