-- iam_policies. Grain: owner × policy. `admin` is Allow * on *, `iam_all` at least Allow iam:* on *, both whatever their
-- conditions are. Of AWS's own policies the export may hold no text; the two that matter are known by name.
-- reads: documents, statements
with powers as (
    select
        account,
        owner_arn,
        policy_name,
        policy_arn,
        bool_or(action in ('*', '*:*')) as admin,
        bool_or(lower(action) in ('*', '*:*', 'iam:*')) as iam_all
    from statements
    where
        effect = 'Allow' and not not_action and not not_resource
        and len(list_filter(resource, lambda r: regexp_full_match(r, '\*+'))) > 0
    group by all
)

select
    d.account,
    d.principal,
    d.owner_kind,
    d.owner_name,
    d.policy_name,
    d.policy_arn,
    d.policy_kind,
    coalesce(p.admin, d.policy_kind = 'aws' and d.policy_name = 'AdministratorAccess') as admin,
    coalesce(p.iam_all, d.policy_kind = 'aws' and d.policy_name in ('AdministratorAccess', 'IAMFullAccess')) as iam_all,
    coalesce(d.document::varchar, '') as document,
    d.path,
    d.service_linked
from documents as d
left join powers as p
    on p.account = d.account and p.owner_arn = d.owner_arn and p.policy_name = d.policy_name
    and p.policy_arn = d.policy_arn
