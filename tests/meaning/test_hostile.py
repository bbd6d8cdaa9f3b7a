"""Whatever stands in a record: no query breaks, no event is lost, and nothing that must be text is null."""

from __future__ import annotations

import copy
import json
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile.sessions import resolve

CREATED = "userIdentity.sessionContext.attributes.creationDate"
PATHS = [
    "userIdentity", "userIdentity.type", "userIdentity.arn", "userIdentity.accountId", "userIdentity.accessKeyId",
    "userIdentity.principalId", "userIdentity.userName", "userIdentity.invokedBy", "userIdentity.onBehalfOf.userId",
    "userIdentity.sessionContext", "userIdentity.sessionContext.sessionIssuer.userName",
    CREATED, "userIdentity.sessionContext.sourceIdentity",
    "eventSource", "eventName", "eventType", "sourceIPAddress", "userAgent", "errorCode", "errorMessage",
    "requestParameters", "requestParameters.roleArn", "requestParameters.userName", "responseElements",
    "responseElements.credentials", "responseElements.credentials.accessKeyId", "responseElements.assumedRoleUser.arn",
    "responseElements.assumedRoleUser.assumedRoleId", "additionalEventData", "additionalEventData.SwitchFrom",
    "recipientAccountId", "sharedEventID", "sessionCredentialFromConsole", "vpcEndpointId",
]  # fmt: skip
TEXTS = [
    "", ":", "::", "@", "a@b@c", "/", "::ffff:1.2.3.4", "ASIAIOSFODNN7EXAMPLE", "AKIAY34FZKBOKMUTVV7A", "'", '"', "\\", "$",
    "{", "[1", "null", "\u0000", "\x1b[2J", "\U0001f600", "%s", "HIDDEN_DUE_TO_SECURITY_REASONS", "0x", "999999999999999",
    "arn:aws:iam::111122223333:role/", "arn:aws:sts::1:assumed-role/", "AROA:", "2026-01-05T10:00:00Z", "infinity",
    "AssumeRole", "ConsoleLogin", "SwitchRole", "signin.amazonaws.com", "sts.amazonaws.com", "AWS Internal", "Root",
    "AssumedRole", "FederatedUser", "AWSAccount", "AWSService", "SAMLUser", "IdentityCenterUser", "x" * 5000,
]  # fmt: skip
VALUES = st.one_of(
    st.sampled_from(TEXTS), st.text(max_size=30), st.none(), st.booleans(), st.integers(-(2**40), 2**40),
    st.lists(st.text(max_size=3), max_size=2), st.dictionaries(st.text(max_size=3), st.text(max_size=3), max_size=2),
)  # fmt: skip
CHANGES = st.lists(st.tuples(st.sampled_from(PATHS), VALUES), min_size=1, max_size=5)


def change(record: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    place = record
    for step in above:
        if not isinstance(place.get(step), dict):
            place[step] = {}
        place = place[step]
    place[last] = value


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(CHANGES, min_size=20, max_size=60))
@example([[(CREATED, time)] for time in ("infinity", "-infinity", "2026-01-05 10:00:00 (BC)", "29426-01-05T10:00:00Z")])
def test_no_record_breaks_the_views(make: SimpleNamespace, changes: list[list[tuple[str, Any]]]) -> None:
    bases = [
        make.record(),
        make.assume(make.session("a", "x", "ASIAIOSFODNN7EXAMPLE"), "b", "y", "ASIAIOSFODNN7EXAMPLF"),
        make.record({"eventSource": "signin.amazonaws.com", "eventName": "ConsoleLogin"},
                    responseElements={"ConsoleLogin": "Success"}),
    ]  # fmt: skip
    records = []
    for at, each in enumerate(changes):
        record = copy.deepcopy(bases[at % len(bases)]) | {"eventID": f"event-{at}"}
        for path, value in each:
            change(record, path, value)
        records.append(json.loads(json.dumps(record)))
    rows = decode.records(records)
    with Engine(threads=1) as engine:
        engine.table("raw_events", rows)
        resolve(engine, aliases={"x": "y"})
        found = engine.query("from attributed").to_pylist()
    assert len(found) == rows.num_rows
    never_null = ("account", "principal", "principal_id", "person", "credential", "long_term_key", "origin", "outcome",
                  "address", "ip_kind", "client", "session_name", "role", "target", "target_user", "action", "mfa",
                  "issued_key", "identity_type", "parent_principal", "parent_credential", "session_root",
                  "session_depth")  # fmt: skip
    assert not [(row["event_id"], name) for row in found for name in never_null if row[name] is None]
