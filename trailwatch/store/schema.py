"""The tables of a store: columns, partitions, and the version of the layout.

Times are UTC. Nested CloudTrail values stay JSON text, because their keys differ in case and type per service.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa

LAYOUT = 1

TIME = pa.timestamp("us", tz="UTC")
TEXT, INT, FLAG, REAL = pa.string(), pa.int64(), pa.bool_(), pa.float64()
TEXTS = pa.list_(pa.string())


@dataclass(frozen=True)
class Table:
    """One Delta table: its name, its columns, and the columns that partition it."""

    name: str
    columns: pa.Schema
    partitions: tuple[str, ...]


def _table(name: str, partitions: tuple[str, ...], columns: Mapping[str, pa.DataType]) -> Table:
    keys: dict[str, pa.DataType] = {"dt": pa.date32(), "shard": pa.int32(), "month": pa.date32()}
    fields = {key: keys[key] for key in partitions} | dict(columns)
    return Table(name, pa.schema(list(fields.items())), partitions)


# What one record said. `dt` is the UTC date of the event, never the date of delivery.
EVENTS = _table("events", ("dt", "shard"), {
    "event_id": TEXT,  # a record without one is named by the hash of its bytes
    "event_time": TIME,
    "event_version": TEXT, "event_source": TEXT, "event_name": TEXT, "event_type": TEXT, "event_category": TEXT,
    "aws_region": TEXT, "recipient_account_id": TEXT, "shared_event_id": TEXT, "request_id": TEXT,
    "source_ip": TEXT, "user_agent": TEXT, "error_code": TEXT, "error_message": TEXT,
    "read_only": FLAG, "management_event": FLAG,
    "identity_type": TEXT, "identity_principal_id": TEXT, "identity_arn": TEXT, "identity_account_id": TEXT,
    "access_key_id": TEXT, "user_name": TEXT, "invoked_by": TEXT, "identity_store_user": TEXT,
    "identity_provider": TEXT, "credential_id": TEXT, "delegate_account_id": TEXT,
    "issuer_type": TEXT, "issuer_arn": TEXT, "issuer_principal_id": TEXT, "issuer_account_id": TEXT,
    "issuer_name": TEXT, "session_created": TEXT, "mfa_authenticated": TEXT, "source_identity": TEXT,
    "role_delivery": TEXT, "assumed_root": TEXT, "web_id_provider": TEXT, "console_session": TEXT,
    "vpc_endpoint_id": TEXT, "vpc_endpoint_account_id": TEXT,
    "request": TEXT, "response": TEXT, "additional": TEXT, "service_details": TEXT, "resources": TEXT,
    "in_scope_of": TEXT, "addendum": TEXT, "tls": TEXT,
    "object_id": INT,  # hash of bucket and key, see `objects`
    "ingested_at": TIME,
})  # fmt: skip

# Records of other classes (Insight, NetworkActivity, Aggregated) and what was not understood, as text.
OTHERS = _table("others", ("dt",), {
    "record_class": TEXT, "event_id": TEXT, "event_time": TIME, "recipient_account_id": TEXT, "aws_region": TEXT,
    "reason": TEXT, "raw": TEXT, "object_id": INT, "ingested_at": TIME,
})  # fmt: skip

# The ledger: one row per read of a source object; the newest row of a (bucket, key) counts. `dt` is the key's day.
OBJECTS = _table("objects", ("dt",), {
    "object_id": INT, "bucket": TEXT, "key": TEXT, "etag": TEXT, "size": INT, "last_modified": TIME,
    "account": TEXT, "region": TEXT, "kind": TEXT,
    "status": TEXT,  # read | failed | changed
    "reason": TEXT, "records": INT, "events": INT, "others": INT, "not_understood": INT, "ingested_at": TIME,
})  # fmt: skip

# One row per temporary credential and day on which it was issued or used; merged when read.
SESSIONS = _table("sessions", ("dt", "shard"), {
    "credential": TEXT, "kind": TEXT,  # kind: assume-role, saml, web-identity, federation, session-token, console, ...
    "account": TEXT, "principal": TEXT, "principal_id": TEXT, "session_name": TEXT,
    "person": TEXT,  # what the records of this day say by themselves
    "parent_credential": TEXT, "parent_principal": TEXT, "parent_person": TEXT, "source_identity": TEXT,
    "issued_event_id": TEXT, "issued_time": TIME, "shared_event_id": TEXT, "subject": TEXT,
    "first_time": TIME, "last_time": TIME, "events": INT, "addresses": TEXTS,
})  # fmt: skip

ACTIVITY = _table("activity", ("dt", "shard"), {
    "hour": pa.int8(), "account": TEXT, "principal": TEXT, "principal_id": TEXT, "person": TEXT, "long_term_key": TEXT,
    "identity_type": TEXT, "origin": TEXT, "event_source": TEXT, "event_name": TEXT, "region": TEXT, "address": TEXT,
    "client": TEXT, "outcome": TEXT, "read_only": FLAG, "role": TEXT,  # role: the principal that this call assumed
    "events": INT, "first_time": TIME, "last_time": TIME, "event_id": TEXT,
})  # fmt: skip

IDENTITY_DAYS = _table("identity_days", ("dt", "shard"), {
    "account": TEXT, "principal": TEXT, "principal_id": TEXT, "person": TEXT,
    "events": INT, "peak_events": INT, "peak_reads": INT,  # peaks: within ten minutes; reads: distinct read actions
    "targets": INT, "resources": INT, "secrets": INT, "sessions": INT,
})  # fmt: skip

# `month` is the first day of the month. Read over all history: ever before, dormancy, rhythm.
SEEN = _table("seen", ("month",), {
    "account": TEXT, "principal": TEXT, "person": TEXT, "dimension": TEXT, "value": TEXT,
    "first_time": TIME, "last_time": TIME, "days": INT, "events": INT,
    "days_seen": pa.list_(pa.int8()),  # days of the month, for the rhythm
})  # fmt: skip

# What settle made from which inputs; a day is made again exactly when its hash changes.
SETTLED = _table("settled", (), {
    "dt": pa.date32(), "shard": pa.int32(), "stage": TEXT, "inputs": TEXT, "rows": INT, "doubles": INT,
    "settled_at": TIME,
})  # fmt: skip

# One row per IAM export of an account; a failed one is kept beside the last good one. `dt` is the day of `taken_at`.
SNAPSHOTS = _table("snapshots", ("dt",), {
    "account": TEXT, "kind": TEXT, "taken_at": TIME, "source": TEXT,  # source: live, or the name of the file
    "status": TEXT,  # good | failed
    "reason": TEXT, "digest": TEXT, "body": TEXT,  # body: canonical JSON, see snapshot/
})  # fmt: skip

# A person's word that the permissions of an identity were looked at. `dt` is the day of `signed_at`.
REVIEWS = _table("reviews", ("dt",), {
    "account": TEXT, "principal": TEXT, "signed_at": TIME, "signed_by": TEXT,
})  # fmt: skip

# A person's word on a finding, with what it was about. `dt` is the day of `marked_at`; the newest of a finding counts.
MARKS = _table("marks", ("dt",), {
    "finding": TEXT, "verdict": TEXT, "note": TEXT, "marked_by": TEXT, "marked_at": TIME, "detection": TEXT,
    "principal": TEXT, "person": TEXT, "first_day": pa.date32(), "last_day": pa.date32(),
    "actions": TEXTS, "networks": TEXTS, "facts": TEXTS, "until": pa.date32(),
})  # fmt: skip

# What the anomaly model of a week was fitted on; `dt` is its Monday. `body` is an npz file, from which it is made again.
MODELS = _table("models", ("dt",), {
    "key": TEXT, "fitted_at": TIME, "data_hash": TEXT, "versions": TEXT, "rows": INT, "days": INT,
    "changed": INT, "of": INT, "body": pa.binary(),  # changed: verdicts of the month before that turn round
})  # fmt: skip

FINDINGS = _table("findings", ("dt",), {
    "id": TEXT, "detection": TEXT, "detection_version": TEXT, "kind": TEXT, "title": TEXT, "severity": TEXT,
    "status": TEXT, "suppressed_by": TEXT, "late": FLAG, "account": TEXT, "principal": TEXT, "person": TEXT,
    "first_time": TIME, "last_time": TIME, "count": INT, "event_ids": TEXTS, "incident": TEXT,
    "body": TEXT,  # the whole finding as JSON, as the digest shows it
    "run": TEXT,
})  # fmt: skip

INCIDENTS = _table("incidents", ("dt",), {
    "id": TEXT, "title": TEXT, "severity": TEXT, "status": TEXT, "first_time": TIME, "last_time": TIME,
    "findings": TEXTS, "body": TEXT, "run": TEXT,
})  # fmt: skip

# One row per run of a digest; the newest of a day counts.
DIGESTS = _table("digests", ("dt",), {
    "run": TEXT, "made_at": TIME, "complete": FLAG, "stale": FLAG, "complete_until": TIME, "scanned_until": TIME,
    "versions": TEXT, "body": TEXT,
})  # fmt: skip

# What each sink got: one row per finding and sink. `dt` is the day of the digest; only what is 'sent' is not sent again.
SENT = _table("sent", ("dt",), {
    "sink": TEXT, "state": TEXT,  # state: sent | failed | began
    "id": TEXT, "status": TEXT, "severity": TEXT, "sent_at": TIME, "note": TEXT,
})  # fmt: skip

# Whether an object is as CloudTrail wrote it. `dt` is the key's day; a row is written when the verdict is another than
# before, and the newest of an object counts.
VERDICTS = _table("verdicts", ("dt",), {
    "object_id": INT, "bucket": TEXT, "key": TEXT, "etag": TEXT, "size": INT, "account": TEXT, "region": TEXT,
    "kind": TEXT,  # log | digest | backfill digest | gap
    "verdict": TEXT,  # valid | invalid | missing | moved | unnamed | gap | unproven (digests alone)
    "reason": TEXT, "hash": TEXT, "first_time": TIME, "last_time": TIME, "verified_at": TIME,
})  # fmt: skip

TABLES: dict[str, Table] = {
    table.name: table
    for table in (EVENTS, OTHERS, OBJECTS, SESSIONS, ACTIVITY, IDENTITY_DAYS, SEEN, SETTLED, SNAPSHOTS, REVIEWS,
                  MARKS, MODELS, FINDINGS, INCIDENTS, DIGESTS, SENT, VERDICTS)
}  # fmt: skip
