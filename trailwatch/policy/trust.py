"""Conditions for the trust policy of a role, each fitted on how the role was taken on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from trailwatch.policy.condition import Candidate
from trailwatch.policy.past import Past

MOST_VALUES = 10
_SUBJECT = re.compile(r"[\w:/@.+=,#-]{1,300}")
_ID = re.compile(r"[\w+=,.@:/-]{2,1224}")
_COMMON = "calm and outcome <> 'denied' and event_time < $split"


def trust(past: Past) -> Iterator[Candidate]:
    """Yield what can be said of those who take on a role; services of AWS are left as they are."""
    kinds = {
        name
        for (name,) in past.engine.rows(f"select distinct event_name from past_taken where {_COMMON}", split=past.split)
    }
    if "AssumeRole" in kinds:
        yield from _assumed(past)
    if "AssumeRoleWithWebIdentity" in kinds:
        yield _subjects(past)


def _assumed(past: Past) -> Iterator[Candidate]:
    rows = past.engine.rows(
        "select coalesce(nullif(identity_account_id, ''), issuer_account_id, ''), "
        "json_extract_string(request, '$.externalId'), json_extract_string(request, '$.sourceIdentity'), count(*) "
        f"from past_taken where {_COMMON} and event_name = 'AssumeRole' group by all order by all", split=past.split,
    )  # fmt: skip
    accounts = sorted({row[0] for row in rows if re.fullmatch(r"\d{12}", row[0])})
    own = past.config.organization
    home = past.principal.split("/")[0]
    outside = [account for account in accounts if account not in own.accounts and account != home]
    yield _external(accounts, outside, [row[1] for row in rows])
    keys = ("aws:PrincipalOrgID",)
    if not own.id:
        yield _refused("organization", keys, "the configuration names no organization ([organization] id)")
    elif outside:
        yield _refused(
            "organization", keys, f"account {', '.join(outside)} takes it on, which is none of the organization's"
        )
    else:
        yield _wanted("organization", keys, "every account that took it on is the organization's", accounts,
                      {"StringEquals": {"aws:PrincipalOrgID": own.id}})  # fmt: skip
    keys = ("sts:SourceIdentity",)
    given = sorted({row[2] for row in rows if row[2]})
    if not all(row[2] for row in rows):
        bare = sum(row[3] for row in rows if not row[2])
        yield _refused(
            "source identity", keys, f"{bare:,} of {sum(row[3] for row in rows):,} sessions named no source identity"
        )
        return
    domains = {name.rpartition("@")[2] for name in given}
    pattern = (
        f"*@{domains.pop()}"
        if len(domains) == 1 and all("@" in name and _ID.fullmatch(name) for name in given)
        else "*"
    )
    yield _wanted("source identity", keys, "every session named its person", accounts,
                  {"StringLike": {"sts:SourceIdentity": pattern}})  # fmt: skip


def _external(accounts: Sequence[str], outside: Sequence[str], ids: Sequence[str | None]) -> Candidate:
    keys = ("sts:ExternalId",)
    if not outside:
        return _refused("external id", keys, "only own accounts take it on; an external id is for others")
    found = sorted({one for one in ids if one})
    if not all(ids):
        return _refused(
            "external id", keys, f"account {', '.join(outside)} takes it on without one: agree on one first"
        )
    if len(found) > MOST_VALUES or not all(_ID.fullmatch(one) for one in found):
        return _refused("external id", keys, f"{len(found)} external ids were sent, which is no secret of one partner")
    return _wanted("external id", keys, "the external id that it was always taken on with", accounts,
                   {"StringEquals": {"sts:ExternalId": found}})  # fmt: skip


def _subjects(past: Past) -> Candidate:
    rows = past.engine.rows(
        f"select identity_provider, user_name from past_taken where {_COMMON} "
        "and event_name = 'AssumeRoleWithWebIdentity' group by all order by all", split=past.split,
    )  # fmt: skip
    providers = sorted({row[0] or "" for row in rows})
    subjects = sorted({row[1] or "" for row in rows})
    host = providers[0].partition(":oidc-provider/")[2]
    keys = (f"{host or 'provider'}:sub",)
    if len(providers) > 1 or not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9./-]{3,200}", host):
        return _refused(
            "OIDC subject", keys, f"the provider is not one with a name of its own ({', '.join(providers)})"
        )
    if not all(_SUBJECT.fullmatch(subject) for subject in subjects):
        return _refused("OIDC subject", keys, "some sessions name no subject, or one that no policy can hold")
    rule, operator, values = "the subjects that it was taken on by", "StringEquals", subjects
    if len(subjects) > MOST_VALUES:
        owners = sorted({":".join(subject.split(":")[:2]) for subject in subjects})
        if len(owners) > MOST_VALUES or any(":" not in owner for owner in owners):
            return _refused(
                "OIDC subject", keys, f"{len(subjects)} subjects of {len(owners)} repositories are no list to keep"
            )
        rule, operator, values = (
            f"the {len(owners)} repositories of {len(subjects)} subjects",
            "StringLike",
            [f"{one}:*" for one in owners],
        )
    statement = {
        "Sid": "OnlyKnownSubjects", "Effect": "Allow", "Principal": {"Federated": providers[0]},
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": {operator: {keys[0]: values}},
    }  # fmt: skip
    return Candidate("OIDC subject", keys, rule, (statement,), _SPARED, "trust", "AssumeRoleWithWebIdentity")


_SPARED = (
    "AWS services that take on the role: their statement stays as it is",
    "other conditions that the statement has already, as the audience of a token: they stay",
)


def _wanted(about: str, keys: tuple[str, ...], rule: str, accounts: Sequence[str], tests: dict[str, Any]) -> Candidate:
    actions = ["sts:AssumeRole", *(["sts:SetSourceIdentity"] if "sts:SourceIdentity" in keys else [])]
    statement = {
        "Sid": "OnlyKnownCallers", "Effect": "Allow", "Condition": tests, "Action": actions,
        "Principal": {"AWS": [f"arn:aws:iam::{account}:root" for account in accounts]},
    }  # fmt: skip
    return Candidate(about, keys, rule, (statement,), _SPARED, "trust", "AssumeRole")


def _refused(about: str, keys: tuple[str, ...], why: str) -> Candidate:
    return Candidate(about, keys, why, place="trust")
