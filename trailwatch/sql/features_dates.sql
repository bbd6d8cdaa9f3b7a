-- Grain: holder × day of use over all history, for identities (scope `what`) and long-term keys (scope `key`).
-- reads: features_cells, seen
-- params: $start
select 'what' as scope, principal || chr(31) || person as holder, dt from features_cells
union
select 'key', long_term_key, dt from features_cells where long_term_key <> ''
union
select case when dimension = 'key' then 'key' else 'what' end, holder, dt
from (
    select
        dimension,
        case when dimension = 'key' then value else principal || chr(31) || person end as holder,
        month + (unnest(days_seen)::integer - 1) as dt
    from seen
    -- Every identity has an account on each day on which it was active.
    where dimension in ('account', 'key') and month < $start
)
where dt < $start
