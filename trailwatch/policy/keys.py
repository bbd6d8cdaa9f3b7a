"""What CloudTrail tells of IAM's condition keys: for each key, SQL over one event of a principal.

Each gives the values as a list: none where the key is known to be absent, and null where nobody can know. What is not
in this table, such as every tag, is not known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from trailwatch.policy.document import Policy
from trailwatch.policy.patterns import Context

_OWN = "origin in ('direct', 'console')"
_OVER = "coalesce(vpc_endpoint_id, '') like 'vpce-%'"
_LONG = "access_key_id like 'AKIA%'"
_ABSENT = "[]::varchar[]"


def _one(value: str) -> str:
    """The value where there is one, else not known."""
    return f"case when coalesce({value}, '') <> '' then [{value}] end"


# A call of a service on somebody's behalf shows the service's address, which is not what IAM compares.
VALUES = {
    "aws:sourceip": f"case when not ({_OWN}) then null when {_OVER} then {_ABSENT} when ip is not null then [ip] end",
    "aws:vpcsourceip": f"case when not ({_OWN}) then null when {_OVER} and ip is not null then [ip] "
                       f"when not {_OVER} and ip_kind = 'public' then {_ABSENT} end",
    "aws:sourcevpce": f"case when {_OVER} then [vpc_endpoint_id] when {_OWN} then {_ABSENT} end",
    "aws:sourcevpc": f"case when not {_OVER} and {_OWN} then {_ABSENT} end",
    "aws:vpceaccount": f"case when {_OVER} then {_one('vpc_endpoint_account_id')} when {_OWN} then {_ABSENT} end",
    "aws:viaawsservice": f"case when {_OWN} then ['false'] when origin = 'via-service' then ['true'] end",
    "aws:calledvia": f"case when {_OWN} then {_ABSENT} end",
    "aws:calledviafirst": f"case when {_OWN} then {_ABSENT} end",
    "aws:calledvialast": f"case when {_OWN} then {_ABSENT} when invoked_by like '%.amazonaws.com' then [invoked_by] end",
    # What KMS is asked for by the caller itself has no such key.
    "kms:viaservice": f"case when event_source <> 'kms.amazonaws.com' or {_OWN} then {_ABSENT} "
                      "when invoked_by like '%.amazonaws.com' and coalesce(aws_region, '') <> '' then "
                      "[replace(invoked_by, '.amazonaws.com', '.' || aws_region || '.amazonaws.com')] end",
    "aws:principalisawsservice": "case when identity_type <> 'AWSService' then ['false'] end",
    # A session that an identity provider gave says false whether there was a second factor or not; one that a user or
    # a role took on says so truly.
    "aws:multifactorauthpresent": f"case when lower(mfa_authenticated) = 'true' then ['true'] when {_LONG} then {_ABSENT} "
                                  "when lower(mfa_authenticated) = 'false' and (identity_type in ('IAMUser', 'Root') "
                                  "or regexp_matches(parent_principal, '/(user|role)/')) then ['false'] end",
    "aws:requestedregion": _one("aws_region"),
    "aws:principalarn": _one("coalesce(nullif(issuer_arn, ''), case when identity_type in ('IAMUser', 'Root', "
                             "'FederatedUser') then identity_arn end)"),
    "trailwatch:sessionarn": _one("identity_arn"),
    "aws:principalaccount": _one("coalesce(nullif(identity_account_id, ''), issuer_account_id)"),
    "aws:principalorgid": "case when coalesce(nullif(identity_account_id, ''), issuer_account_id) in (select account from "
                          "own_accounts) then [(select any_value(organization) from own_accounts)] end",
    "aws:principaltype": "case identity_type when 'IAMUser' then ['User'] when 'Root' then ['Account'] "
                         "when 'AssumedRole' then ['AssumedRole'] when 'FederatedUser' then ['FederatedUser'] end",
    "aws:userid": _one("identity_principal_id"),
    "aws:username": f"case when identity_type = 'IAMUser' then {_one('user_name')} "
                    f"when identity_type in ('AssumedRole', 'Root', 'FederatedUser') then {_ABSENT} end",
    "aws:sourceidentity": f"case when coalesce(source_identity, '') <> '' then [source_identity] else {_ABSENT} end",
    "aws:federatedprovider": _one("coalesce(nullif(web_id_provider, ''), case when identity_type = 'WebIdentityUser' "
                                  "then identity_provider end)"),
    "aws:useragent": f"case when {_OWN} then {_one('user_agent')} end",
    "aws:securetransport": "case when try(json_extract_string(tls, '$.tlsVersion')) like 'TLS%' then ['true'] end",
    # A call that was denied has no parameters, so nothing is known of them.
    "sts:externalid": "case when event_source = 'sts.amazonaws.com' and event_name = 'AssumeRole' and request is not null "
                      "then case when json_extract_string(request, '$.externalId') is not null "
                      f"then [json_extract_string(request, '$.externalId')] else {_ABSENT} end end",
    "sts:sourceidentity": "case when event_source = 'sts.amazonaws.com' and event_name = 'AssumeRole' and request is not null "
                          "then case when json_extract_string(request, '$.sourceIdentity') is not null "
                          f"then [json_extract_string(request, '$.sourceIdentity')] else {_ABSENT} end end",
    "sts:rolesessionname": "case when event_source = 'sts.amazonaws.com' and request is not null then "
                           "case when json_extract_string(request, '$.roleSessionName') is not null "
                           "then [json_extract_string(request, '$.roleSessionName')] end end",
}  # fmt: skip
# Moments and ages: an expression that can be compared, and when the key is absent.
MOMENTS = {
    "aws:currenttime": ("event_time", "false"),
    "aws:epochtime": ("event_time", "false"),
    "aws:tokenissuetime": ("session_created_at", _LONG),
}
AGES = {
    "aws:multifactorauthage": (
        "case when lower(mfa_authenticated) = 'true' then date_diff('second', session_created_at, event_time) end",
        f"{_LONG} or (lower(mfa_authenticated) = 'false' and identity_type in ('IAMUser', 'Root'))",
    ),
}


# What an OIDC provider says of whoever comes with its token; the key begins with the provider's name.
SUBJECT = (
    "case when identity_type = 'WebIdentityUser' and ends_with(lower(identity_provider), '/{0}') then [user_name] end"
)
_PROVIDER = re.compile(r"([a-z0-9][a-z0-9./-]{3,200}):sub")


@dataclass(frozen=True)
class Column:
    """One key as it is read: what tells its values apart, and the values themselves."""

    key: str
    apart: str
    shown: str


def columns(policies: tuple[Policy, ...]) -> list[Column]:
    """Return the columns of the keys that some policies read; moments and ages by the bounds that the policies set."""
    bounds: dict[str, set[Any]] = {}
    compared: set[str] = set()
    for policy in policies:
        for statement in policy.statements:
            for test in statement.tests:
                key = test.key.lower()
                bounds.setdefault(key, set()).update(test.bounds)
                # By a text, a moment is compared as it is written.
                compared |= {key} if not test.bounds and test.operator != "Null" else set()
                compared |= {name.lower() for name in test.keys[1:]}
            bounds |= {key: bounds.get(key, set()) for key in statement.keys}
            compared |= {name.lower() for text in statement.resources for name in text.keys}
            if statement.principals:
                named = ("aws:principalarn", "trailwatch:sessionarn", "aws:principalaccount", "aws:federatedprovider")
                bounds |= {key: bounds.get(key, set()) for key in named}
    found = []
    for key in sorted(bounds):
        provider = _PROVIDER.fullmatch(key)
        if key in VALUES or provider:
            text = SUBJECT.format(provider[1]) if provider else VALUES[key]
            found.append(Column(key, text, text))
        elif key in MOMENTS or key in AGES:
            value, absent = MOMENTS.get(key) or AGES[key]
            apart = "0" if key not in compared else f"({value})"
            for edge in sorted(bounds[key], key=str):
                literal = _literal(edge, moment=key in MOMENTS)
                apart += f" || '/' || coalesce(case when {value} > {literal} then 2 when {value} = {literal} then 1 else 0 end, 9)"
            text = f"strftime({value}, '%Y-%m-%dT%H:%M:%SZ')" if key in MOMENTS else f"({value})::varchar"
            text = f"epoch({value})::bigint::varchar" if key == "aws:epochtime" else text
            shown = f"case when {absent} then {_ABSENT} when {value} is not null then [{text}] end"
            found.append(
                Column(key, f"case when {absent} then 'absent' when {value} is not null then {apart} end", shown)
            )
    return found


def context(known: dict[str, list[str] | None]) -> Context:
    """Return what is known of a call."""
    return Context({key: tuple(values) for key, values in known.items() if values is not None})


def _literal(edge: Any, *, moment: bool) -> str:
    # Out of a number or a date that was read, never out of text.
    if moment:
        at = edge if isinstance(edge, datetime) else None
        return f"timestamptz '{at.isoformat()}'" if at else f"to_timestamp({Decimal(edge):f})"
    seconds = edge.timestamp() if isinstance(edge, datetime) else edge
    return f"{Decimal(str(seconds)):f}"
