-- Grain: identity × finding, as its newest day tells it and since when; at most $most of an identity, the newest first.
-- reads: findings, pictured   params: $most
with told as (
    select
        p.name, f.id, f.title, f.severity, f.status, f.dt,
        min(f.dt) over (partition by p.name, f.id) as since,
        row_number() over (partition by p.name, f.id order by f.dt desc) as place
    from pictured as p
    inner join findings as f
        on f.suppressed_by = ''
        and ((p.kind = 'person' and f.person = p.name)
            or (p.kind = 'principal' and f.person = '' and f.principal = p.name))
)

select name, id, title, severity, status, dt, since
from told
where place = 1
qualify row_number() over (partition by name order by dt desc, id) <= $most
order by name, dt desc, list_position(['critical', 'high', 'medium', 'low', 'info'], severity), id
