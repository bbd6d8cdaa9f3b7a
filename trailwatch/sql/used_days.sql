-- Grain: day × principal × person × origin × whether all was a failed sign-in: the sums of a day, its UTC hours as bits,
-- and the marks of a class. One look at the window; what is usual is worked out from here.
-- reads: activity_window
select
    dt,
    principal,
    person,
    origin,
    event_source = 'signin.amazonaws.com' and outcome <> 'ok' as failed_sign_in,
    sum(events)::bigint as events,
    coalesce(sum(events) filter (where not coalesce(read_only, false)), 0)::bigint as writes,
    coalesce(sum(events) filter (where outcome = 'denied'), 0)::bigint as denied,
    bit_or(1::integer << hour::integer) as hours,
    coalesce(bool_or(not read_only) filter (
        where event_source in ('iam.amazonaws.com', 'organizations.amazonaws.com', 'sso.amazonaws.com')
    ), false) as administers,
    -- regexp_extract runs once per distinct value of a stored column, regexp_matches once per row.
    bool_or(regexp_extract(client, '(?i)terraform|pulumi|cloudformation|codebuild|github|gitlab|jenkins') <> '')
        as deploys,
    bool_or(regexp_extract(client, '(?i) (lambda|ecs)$|ssm-agent') <> '') as computes
from activity_window
group by all
