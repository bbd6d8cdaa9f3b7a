"""An independent statement of what each column of `events` holds, in plain Python; and records through the real decoder."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from typing import Any

from trails import record

from trailwatch.ingest.decode import Batch, Decoded
from trailwatch.ingest.limits import Limits
from trailwatch.store.bundles import unbundle
from trailwatch.store.schema import EVENTS

NOW = datetime(2026, 2, 1, tzinfo=UTC)
ISSUER, ATTRIBUTES = "userIdentity.sessionContext.sessionIssuer.", "userIdentity.sessionContext.attributes."
# An independent statement of where each column comes from.
SCALARS = {
    "event_version": "eventVersion", "event_source": "eventSource", "event_name": "eventName",
    "event_type": "eventType", "event_category": "eventCategory", "aws_region": "awsRegion",
    "recipient_account_id": "recipientAccountId", "shared_event_id": "sharedEventID", "request_id": "requestID",
    "source_ip": "sourceIPAddress", "user_agent": "userAgent", "error_code": "errorCode",
    "error_message": "errorMessage", "identity_type": "userIdentity.type",
    "identity_principal_id": "userIdentity.principalId", "identity_arn": "userIdentity.arn",
    "identity_account_id": "userIdentity.accountId", "access_key_id": "userIdentity.accessKeyId",
    "user_name": "userIdentity.userName", "invoked_by": "userIdentity.invokedBy",
    "identity_store_user": "userIdentity.onBehalfOf.userId", "identity_provider": "userIdentity.identityProvider",
    "credential_id": "userIdentity.credentialId", "delegate_account_id": "userIdentity.invokedByDelegate.accountId",
    "issuer_type": ISSUER + "type", "issuer_arn": ISSUER + "arn", "issuer_principal_id": ISSUER + "principalId",
    "issuer_account_id": ISSUER + "accountId", "issuer_name": ISSUER + "userName",
    "session_created": ATTRIBUTES + "creationDate", "mfa_authenticated": ATTRIBUTES + "mfaAuthenticated",
    "source_identity": "userIdentity.sessionContext.sourceIdentity",
    "role_delivery": "userIdentity.sessionContext.ec2RoleDelivery",
    "assumed_root": "userIdentity.sessionContext.assumedRoot",
    "web_id_provider": "userIdentity.sessionContext.webIdFederationData.federatedProvider",
    "vpc_endpoint_id": "vpcEndpointId", "vpc_endpoint_account_id": "vpcEndpointAccountId",
}  # fmt: skip
NESTED = {
    "request": "requestParameters", "response": "responseElements", "additional": "additionalEventData",
    "service_details": "serviceEventDetails", "resources": "resources", "addendum": "addendum", "tls": "tlsDetails",
    "in_scope_of": "userIdentity.inScopeOf",
}  # fmt: skip


class Pairs(list[tuple[str, Any]]):
    """A JSON object with all its pairs; the last of a name counts, as in most readers."""

    def get(self, name: str) -> Any:
        return next((value for key, value in reversed(self) if key == name), None)


class Number(str):
    """A number as it is written: 1.10 is not 1.1."""

    __slots__ = ()


def plain(raw: bytes) -> Any:
    return json.loads(raw, object_pairs_hook=Pairs, parse_int=Number, parse_float=Number)


def at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value.get(name) if isinstance(value, Pairs) else None
    return value


def as_text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return unlike(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (Pairs, list)):
        return "<nested>"
    return str(value)


def flag(value: Any) -> bool | None:
    return {"true": True, "false": False}.get((as_text(value) or "").lower())


def expected(raw: bytes) -> dict[str, Any]:
    """Return the row that a record should become, worked out in plain Python."""
    item = plain(raw)
    row: dict[str, Any] = {column: as_text(at(item, path)) for column, path in SCALARS.items()}
    row |= {column: at(item, path) for column, path in NESTED.items()}
    time = datetime.fromisoformat(item.get("eventTime"))
    row["event_time"] = time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    row["dt"] = row["event_time"].date()
    row["event_id"] = as_text(item.get("eventID")) or "sha256:" + hashlib.sha256(raw).hexdigest()
    row["read_only"], row["management_event"] = flag(item.get("readOnly")), flag(item.get("managementEvent"))
    row["console_session"] = as_text(item.get("sessionCredentialFromConsole"))
    if row["console_session"] is None:
        row["console_session"] = as_text(at(item, ATTRIBUTES + "sessionCredentialFromConsole"))
    return row | {"shard": 0, "object_id": 7, "ingested_at": NOW}


def actual(row: dict[str, Any]) -> dict[str, Any]:
    found = dict(row)
    for column in NESTED:
        found[column] = None if row[column] is None else plain(row[column].encode())
    return found | {column: unlike(found[column]) for column in [*SCALARS, "event_id", "console_session"]}


def unlike(value: str | None) -> str | None:
    """Return text, with a mark in place of nested JSON: two correct writers may space it differently."""
    try:
        return "<nested>" if value and value[0] in "{[" and isinstance(json.loads(value), (dict, list)) else value
    except ValueError:
        return value


def run(raws: list[bytes], *, slow: bool = False, **limits: Any) -> Decoded:
    """Decode records as an object that holds just them; white space in front sends it the slow way."""
    batch = Batch(Limits(**limits))
    batch.add(b" " * slow + b'{"Records":[' + b",".join(raws) + b"]}", object_id=7)
    found = batch.decode(now=NOW)
    return Decoded(unbundle(found.events, EVENTS.columns), found.others)


def dump(**difference: Any) -> bytes:
    return json.dumps(record(1, **difference), separators=(",", ":")).encode()
