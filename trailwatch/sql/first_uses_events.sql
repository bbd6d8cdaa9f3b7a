-- first_uses_events: the first use of each principal, person and long-term key of each day among the events in view, where no store knows the day.
-- reads: attributed
with used as (
    select dt, principal, person, long_term_key, event_time
    from attributed
    -- A failed sign-in is the act of whoever typed the name, and a service's own act is nobody's.
    where origin <> 'service' and not (coalesce(event_source, '') = 'signin.amazonaws.com' and outcome <> 'ok')
)

select dt, 'principal' as kind, principal as value, min(event_time) as first_time from used where principal <> '' group by all
union all
select dt, 'person' as kind, person as value, min(event_time) as first_time from used where person <> '' group by all
union all
select dt, 'key' as kind, long_term_key as value, min(event_time) as first_time from used
where long_term_key <> '' group by all
