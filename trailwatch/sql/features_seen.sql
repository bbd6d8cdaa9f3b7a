-- Grain: holder × dimension × value, with the first day over all history.
-- reads: seen
select
    case
        when dimension in ('address', 'client') then case when person <> '' then person else principal end
        else principal || chr(31) || person
    end as holder,
    dimension,
    value,
    min(first_time)::date as first_day
from seen
where dimension in ('action', 'region', 'role', 'address', 'client')
group by all
