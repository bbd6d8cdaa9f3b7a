-- first_uses: the first use of each principal, person and long-term key on some days.
-- reads: activity_window   params: $days
with used as (
    select dt, principal, person, long_term_key, first_time
    from activity_window
    -- A failed sign-in is the act of whoever typed the name, and a service's own act is nobody's.
    where list_contains($days, dt) and origin <> 'service'
        and not (coalesce(event_source, '') = 'signin.amazonaws.com' and outcome <> 'ok')
)

select dt, 'principal' as kind, principal as value, min(first_time) as first_time from used where principal <> '' group by all
union all
select dt, 'person' as kind, person as value, min(first_time) as first_time from used where person <> '' group by all
union all
select dt, 'key' as kind, long_term_key as value, min(first_time) as first_time from used
where long_term_key <> '' group by all
