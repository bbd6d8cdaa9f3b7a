"""Conditions for the permissions of a user or role, each fitted on the first part of a window."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from trailwatch.policy.condition import Candidate
from trailwatch.policy.keys import AGES, VALUES
from trailwatch.policy.networks import MOST_PREFIXES, RULE, generalise
from trailwatch.policy.past import Past

MOST_REGIONS = 8
LONGEST_AGE = 36  # hours, the longest that a session lasts
# Services with one endpoint for the world: their calls name the region of that endpoint, wherever the work is.
GLOBAL = (
    "account:*", "artifact:*", "billing:*", "budgets:*", "ce:*", "cloudfront:*", "cur:*", "ec2:DescribeRegions",
    "globalaccelerator:*", "health:*", "iam:*", "importexport:*", "invoicing:*", "networkmanager:*", "organizations:*",
    "payments:*", "pricing:*", "route53:*", "route53domains:*", "s3:GetAccountPublicAccessBlock", "s3:ListAllMyBuckets",
    "s3:PutAccountPublicAccessBlock", "shield:*", "sts:*", "support:*", "tax:*", "trustedadvisor:*", "waf:*",
)  # fmt: skip
# What somebody needs who has to set up a second factor before anything else.
SELF_SERVICE = (
    "iam:ChangePassword", "iam:CreateVirtualMFADevice", "iam:EnableMFADevice", "iam:GetAccountPasswordPolicy", "iam:GetUser",
    "iam:ListMFADevices", "iam:ListVirtualMFADevices", "iam:ResyncMFADevice", "sts:GetCallerIdentity", "sts:GetSessionToken",
)  # fmt: skip
SERVICES = "calls that an AWS service makes on the identity's behalf (aws:ViaAWSService)"
_OWN = "origin in ('direct', 'console') and outcome <> 'denied' and calm and event_time < $split"
_OVER = "coalesce(vpc_endpoint_id, '') like 'vpce-%'"


def permissions(past: Past) -> Iterator[Candidate]:
    """Yield what can be said of networks, regions and the second factor."""
    yield from _networks(past)
    yield _regions(past)
    yield from _factor(past)


def _networks(past: Past) -> Iterator[Candidate]:
    public = _texts(past, "ip", f"not ({_OVER}) and ip is not null and ip_kind = 'public'")
    odd = _texts(past, "ip", f"not ({_OVER}) and (ip is null or ip_kind <> 'public')")
    endpoints = _texts(past, "vpc_endpoint_id", _OVER)
    inside = _texts(past, "ip", f"{_OVER} and ip is not null")
    keys = (("aws:SourceIp",) if public or not endpoints else ()) + (("aws:SourceVpce",) if endpoints else ())
    if not (public or endpoints):
        what = f"no call shows a public address or an endpoint ({', '.join(odd[:3])})" if odd else _SILENT
        yield Candidate("networks", keys, what)
        return
    prefixes = generalise(public, past.config.networks)
    if len(prefixes) > MOST_PREFIXES:
        yield Candidate("networks", keys, f"it came from {len(prefixes)} networks, more than {MOST_PREFIXES}: where it "
                        "works from changes, and no list would hold")  # fmt: skip
    else:
        tests: dict[str, Any] = {}
        if prefixes:
            tests["NotIpAddress"] = {"aws:SourceIp": [prefix.cidr for prefix in prefixes]}
        if endpoints:
            tests["StringNotEquals"] = {"aws:SourceVpce": list(endpoints)}
        shown = "; ".join(f"{prefix.cidr}: {prefix.why}" for prefix in prefixes)
        rule = f"{shown}. The rule: {RULE}" if prefixes else "the endpoints that it used"
        yield Candidate("networks", keys, rule, (_deny("OnlyKnownNetworks", tests),), (SERVICES,))
    if inside:
        nets = generalise(inside, past.config.networks)
        if len(nets) > MOST_PREFIXES:
            yield Candidate(
                "addresses behind endpoints",
                ("aws:VpcSourceIp",),
                f"{len(nets)} private networks, more than {MOST_PREFIXES}",
            )
            return
        tests = {"NotIpAddress": {"aws:VpcSourceIp": [net.cidr for net in nets]}, "Null": {"aws:SourceVpce": "false"}}
        yield Candidate("addresses behind endpoints", ("aws:VpcSourceIp",), f"the addresses behind its endpoints. The rule: {RULE}",
                        (_deny("OnlyKnownVpcAddresses", tests),), (SERVICES, "calls that come by no endpoint"))  # fmt: skip


def _regions(past: Past) -> Candidate:
    prefixes = sorted({f"{one.partition(':')[0]}.amazonaws.com" for one in GLOBAL if one.endswith(":*")})
    found = _texts(
        past, "aws_region", "coalesce(aws_region, '') <> '' and event_source not in (select unnest($worldwide::varchar[])) "
        "and event_source <> 'signin.amazonaws.com' and not (event_source = 's3.amazonaws.com' and event_name = 'ListBuckets')",
        worldwide=prefixes,
    )  # fmt: skip
    keys = ("aws:RequestedRegion",)
    if not found:
        return Candidate("regions", keys, _SILENT if not _texts(past, "aws_region", "true") else "only services that have one "
                         "endpoint for the world were called")  # fmt: skip
    if len(found) > MOST_REGIONS:
        return Candidate("regions", keys, f"{len(found)} regions were used, more than {MOST_REGIONS}")
    statement = _deny("OnlyUsedRegions", {"StringNotEquals": {"aws:RequestedRegion": list(found)}}, spared=GLOBAL)
    return Candidate("regions", keys, "the regions of its own calls to regional services", (statement,),
                     (SERVICES, "services with one endpoint for the world (NotAction)"))  # fmt: skip


def _factor(past: Past) -> Iterator[Candidate]:
    presence, age = ("aws:MultiFactorAuthPresent",), ("aws:MultiFactorAuthAge",)
    rows = past.engine.rows(
        f"select coalesce(({VALUES['aws:multifactorauthpresent']})[1], case when access_key_id like 'AKIA%' then 'key' "
        f"else 'unknown' end), max({AGES['aws:multifactorauthage'][0]}), count(*) from past_own where {_OWN} "
        "and event_source <> 'signin.amazonaws.com' group by 1", split=past.split,
    )  # fmt: skip
    counts = {what: (oldest, calls) for what, oldest, calls in rows}
    why = ""
    if not counts:
        why = _SILENT
    elif "key" in counts:
        why = f"{counts['key'][1]:,} calls were signed with a long-term key, which never carries a second factor"
    elif "unknown" in counts:
        why = ("its sessions come from an identity provider, a service or another account: CloudTrail says false of them "
               "whether there was a second factor or not; the provider must ask for it")  # fmt: skip
    elif "true" not in counts:
        why = "none of its sessions had a second factor"
    if why:
        yield Candidate("second factor", presence, why)
        yield Candidate("age of the second factor", age, why)
        return
    tests = {"BoolIfExists": {"aws:MultiFactorAuthPresent": "false"}}
    yield Candidate("second factor", presence, "its own calls carried a second factor",
                    (_deny("OnlyWithSecondFactor", tests, spared=SELF_SERVICE),),
                    (SERVICES, "what is needed to set up a second factor (NotAction)"))  # fmt: skip
    hours = min(LONGEST_AGE, -(-int(counts["true"][0] or 0) // 3600) or 1)
    tests = {"NumericGreaterThan": {"aws:MultiFactorAuthAge": str(hours * 3600)}}
    yield Candidate("age of the second factor", age, f"the oldest that it used, rounded up to {hours} h",
                    (_deny("OnlyWithFreshSecondFactor", tests, spared=SELF_SERVICE),),
                    (SERVICES, "what is needed to set up a second factor (NotAction)"))  # fmt: skip


_SILENT = "no call of its own in the first part of the window: AWS services alone worked with it, or nobody did"


def _deny(sid: str, tests: Mapping[str, Any], *, spared: tuple[str, ...] = ()) -> dict[str, Any]:
    what: dict[str, Any] = {"NotAction": list(spared)} if spared else {"Action": "*"}
    # What a service does for the identity shows the service's address, region and no second factor.
    return {"Sid": sid, "Effect": "Deny", **what, "Resource": "*",
            "Condition": {**tests, "Bool": {"aws:ViaAWSService": "false"}}}  # fmt: skip


def _texts(past: Past, column: str, condition: str, **parameters: Any) -> tuple[str, ...]:
    # Columns and conditions are constants of this file.
    rows = past.engine.rows(
        f"select distinct {column} from past_own where {_OWN} and {condition} order by 1",
        split=past.split,
        **parameters,
    )
    return tuple(str(value) for (value,) in rows if value is not None)
