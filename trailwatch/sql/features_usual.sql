-- Grain: as features_days from $first on; beside each feature the median `m_` and the ninth decile `h_` of the
-- identity's own last 28 active days, and where it counts how much also the median deviation `s_`. How new a day was is
-- held against days after the warm-up only, when not everything was new; a week's sum against weeks that ended before
-- this one began.
-- reads: features_days
-- params: $first, $warm_up
select
    *,
    columns('q_(.*)')[1] as 'm_\1',
    columns('q_(.*)')[2] as 'h_\1'
from (
    select
        *,
        count(*) over own as own_days,
        mad(columns('x_(.*)')) over own as 's_\1',
        quantile_cont(columns('x_(.*)'), [0.5, 0.9]) over own as 'q_\1',
        quantile_cont(columns('n_(.*)'), [0.5, 0.9]) filter (where active_days >= $warm_up) over own as 'q_\1',
        quantile_cont(columns('y_(.*)'), [0.5, 0.9]) filter (where active_days >= 2 * $warm_up) over weeks as 'q_\1'
    from features_days
    window
        own as (partition by id order by dt rows between 28 preceding and 1 preceding),
        weeks as (partition by id order by dt rows between 35 preceding and 7 preceding)
)
where dt >= $first
order by dt, principal, person
