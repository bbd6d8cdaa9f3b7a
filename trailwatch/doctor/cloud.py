"""AWS: whose credentials these are, whether the clocks agree, and whether buckets can be read and written."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import islice
from pathlib import Path
from typing import Any

import obstore
from obstore.exceptions import BaseError

from trailwatch.config import Config
from trailwatch.doctor.check import Check
from trailwatch.errors import TrailwatchError
from trailwatch.store.cache import reach
from trailwatch.store.tables import Store
from trailwatch.store.trouble import reason, remedy

_SKEW = timedelta(minutes=5)  # AWS refuses signatures that are further off than fifteen
_LOOKED = 3_000  # keys among which one log is looked for
_PERMISSIONS = "trailwatch doctor --policy prints what is needed"


def checks(config: Config, store: Store | None, *, now: datetime, offline: bool) -> Iterator[Check]:
    """Yield what there is to say of AWS; nothing is asked where nothing of AWS is used, or offline."""
    place = config.source.bucket or config.source.path
    kept = store.uri if store is not None else config.store.path
    remote = place.startswith("s3://") or kept.startswith("s3://") or config.snapshot.wanted
    if store is None and kept.startswith("s3://") and offline:
        yield Check("store", None, f"not looked at: {kept} is in AWS")
    if not place.startswith("s3://"):
        yield _folder(place)
    if not remote:
        yield Check("credentials", None, "not looked at: neither source nor store is in AWS")
        return
    if offline:
        yield Check("credentials", None, "not looked at: offline")
        return
    from trailwatch import aws  # noqa: PLC0415  # boto3 is slow to import, and a store in a folder does without it

    access = aws.access(config.source)
    try:
        access.credentials()
    except TrailwatchError as error:
        yield Check("credentials", False, str(error))
        return
    yield from _identity(aws.Caller(access), now)
    if place.startswith("s3://"):
        yield from _source(access, place)
    if store is not None and not store.local:
        yield _writable(store)


def _folder(place: str) -> Check:
    if not place or "://" in place:
        return Check("source", None, "not looked at: no folder and no bucket is set")
    there = Path(place).expanduser().exists()
    return Check("source", there, f"{place} is {'there' if there else 'missing'}", "--config, or another folder")


def _identity(caller: Any, now: datetime) -> Iterator[Check]:
    try:
        told = caller.call("sts:GetCallerIdentity")
    except TrailwatchError as error:
        yield Check("credentials", False, str(error), "aws sts get-caller-identity")
        return
    yield Check("credentials", True, f"{told.get('Arn', '?')}")
    sent = told.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date", "")
    try:
        off = abs(now - parsedate_to_datetime(sent).astimezone(UTC))
    except (ValueError, TypeError):
        yield Check("clock", None, "not looked at: the answer of AWS has no date")
        return
    yield Check("clock", off < _SKEW, f"this clock and that of AWS are {off.total_seconds():.0f} s apart",
                "timedatectl set-ntp true")  # fmt: skip


def _source(access: Any, place: str) -> Iterator[Check]:
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    try:
        region, endpoint = access.address(bucket)
        reader = access.bucket(bucket)
        pages = obstore.list(reader, prefix.strip("/") or None, chunk_size=1000)
        keys = [meta["path"] for page in islice(pages, _LOOKED // 1000) for meta in page]
    except (BaseError, OSError) as error:
        yield Check(
            "bucket", False, f"{place} cannot be listed: {reason(error)}", remedy(error, otherwise=_PERMISSIONS)
        )
        return
    except TrailwatchError as error:
        yield Check("bucket", False, str(error))
        return
    where = f"{place} in {region}{f' at {endpoint}' if endpoint else ''}"
    logs = [key for key in keys if "/CloudTrail/" in key and key.endswith(".json.gz")]
    if not logs:
        yield Check("bucket", bool(keys), f"{where} can be listed; no log among the first {len(keys):,} keys",
                    "another PREFIX: logs are below PREFIX/AWSLogs/")  # fmt: skip
        return
    try:
        obstore.get_range(reader, logs[0], start=0, length=16)
    except (BaseError, OSError) as error:
        yield Check("bucket", False, f"{where} can be listed, and its objects cannot be read: {reason(error)}",
                    "s3:GetObject on them, kms:Decrypt on their key, [source] requester_pays; " + _PERMISSIONS)  # fmt: skip
        return
    yield Check("bucket", True, f"{where} can be listed and read")


def _writable(store: Store) -> Check:
    path = f"_probe-{secrets.token_hex(8)}"
    try:
        remote = reach(store.uri, store.options)
        obstore.put(remote, path, b"probe")
        obstore.delete(remote, path)
    except (BaseError, OSError) as error:
        return Check("store in S3", False, f"{store.uri} cannot be written: {reason(error)}",
                     remedy(error, otherwise=f"s3:PutObject and s3:DeleteObject; {_PERMISSIONS}"))  # fmt: skip
    return Check("store in S3", True, f"{store.uri} can be written")
