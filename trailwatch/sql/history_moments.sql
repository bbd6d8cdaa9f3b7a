-- Grain: hour × action × outcome × network that is worth telling: what changed, was refused, handed out or came first.
-- reads: did, firsts   params: $most
with told as (
    select
        did.*,
        replace(event_source, '.amazonaws.com', '') || ':' || event_name as action,
        did.first_time = firsts.first_time and origin in ('direct', 'console') and address <> '' as new_network,
        not coalesce(read_only, false) as writes,
        role <> '' or event_source in ('sts.amazonaws.com', 'signin.amazonaws.com') as hands_out
    from did
    left join firsts using (address)
),

worth as (
    select
        dt, hour, action, outcome, account, principal, address, client, role, region,
        coalesce(bool_or(new_network), false) as new_network,
        bool_or(writes) as writes,
        sum(events)::bigint as events,
        min(first_time) as first_time,
        max(last_time) as last_time,
        arg_min(event_id, (first_time, event_id)) as event_id
    from told
    where writes or outcome = 'denied' or new_network or hands_out
    group by all
),

-- What happens every hour of every day is told less often than what happens once.
ranked as (
    select
        * exclude (times, weight),
        row_number() over (order by new_network desc, times, weight desc, first_time desc, event_id) as place
    from (
        select
            *,
            count(*) over (partition by action, outcome) as times,
            2 * writes::integer + (outcome = 'denied')::integer + 2 * new_network::integer as weight
        from worth
    )
)

select * from ranked
where place <= $most
order by first_time, action
