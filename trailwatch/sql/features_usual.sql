-- Grain: as features_days from $first on; beside each feature the median `m_`, the median deviation `s_` and the ninth
-- decile `h_` of the identity's own last 28 active days. How new a day was is held against days after the warm-up only,
-- when not everything was new; a week's sum against weeks that ended before this one began.
-- reads: features_days
-- params: $first, $warm_up
select *
from (
    select
        *,
        count(*) over own as own_days,
        median(columns('x_(.*)')) over own as 'm_\1',
        mad(columns('x_(.*)')) over own as 's_\1',
        quantile_cont(columns('x_(.*)'), 0.9) over own as 'h_\1',
        median(columns('n_(.*)')) filter (where active_days >= $warm_up) over own as 'm_\1',
        mad(columns('n_(.*)')) filter (where active_days >= $warm_up) over own as 's_\1',
        quantile_cont(columns('n_(.*)'), 0.9) filter (where active_days >= $warm_up) over own as 'h_\1',
        median(columns('y_(.*)')) filter (where active_days >= 2 * $warm_up) over weeks as 'm_\1',
        mad(columns('y_(.*)')) filter (where active_days >= 2 * $warm_up) over weeks as 's_\1',
        quantile_cont(columns('y_(.*)'), 0.9) filter (where active_days >= 2 * $warm_up) over weeks as 'h_\1'
    from features_days
    window
        own as (partition by principal, person order by dt rows between 28 preceding and 1 preceding),
        weeks as (partition by principal, person order by dt rows between 35 preceding and 7 preceding)
)
where dt >= $first
order by dt, principal, person
