-- first_uses: the first use of each principal, person and long-term key on a day.
-- reads: activity_window   params: $day
with used as (
    select principal, person, long_term_key, first_time
    from activity_window
    -- A failed sign-in is the act of whoever typed the name, and a service's own act is nobody's.
    where dt = $day::date and origin <> 'service'
        and not (coalesce(event_source, '') = 'signin.amazonaws.com' and outcome <> 'ok')
)

select 'principal' as kind, principal as value, min(first_time) as first_time from used where principal <> '' group by all
union all
select 'person' as kind, person as value, min(first_time) as first_time from used where person <> '' group by all
union all
select 'key' as kind, long_term_key as value, min(first_time) as first_time from used
where long_term_key <> '' group by all
