-- Grain: as features_days from $first on; beside each feature the median `m_`, the median deviation `s_` and the ninth
-- decile `h_` of the identity's own last 28 active days. A week's sum is held against weeks that ended before it began.
-- reads: features_days
-- params: $first
select *
from (
    select
        *,
        count(*) over own as own_days,
        median(columns('x_(.*)')) over own as 'm_\1',
        mad(columns('x_(.*)')) over own as 's_\1',
        quantile_cont(columns('x_(.*)'), 0.9) over own as 'h_\1',
        median(columns('y_(.*)')) over weeks as 'm_\1',
        mad(columns('y_(.*)')) over weeks as 's_\1',
        quantile_cont(columns('y_(.*)'), 0.9) over weeks as 'h_\1'
    from features_days
    window
        own as (partition by principal, person order by dt rows between 28 preceding and 1 preceding),
        weeks as (partition by principal, person order by dt rows between 35 preceding and 7 preceding)
)
where dt >= $first
order by dt, principal, person
