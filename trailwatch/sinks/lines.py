"""A finding as one line: JSON as the store keeps it, OCSF, or text."""

from __future__ import annotations

import json
from importlib import metadata

import msgspec

from trailwatch.digest.words import identity, when
from trailwatch.findings.titles import plain
from trailwatch.sinks.notice import Notice
from trailwatch.sinks.ocsf import ocsf


def line(notice: Notice, form: str) -> str:
    """Return a notice as one line of a form, without its end."""
    if form == "ocsf":
        return json.dumps(ocsf(notice, product_version=version()), ensure_ascii=True)
    if form == "json":
        return json.dumps(record(notice), ensure_ascii=True)
    one = notice.finding
    return (f"{one.severity.upper():<8} {notice.day} {one.status}: {plain(one.title, longest=300)} "
            f"[{identity(one)}, {when(one.first_time, one.last_time, day=notice.day)}, {one.id}]")  # fmt: skip


def record(notice: Notice) -> dict[str, object]:
    """Return a notice as plain values: the finding, the day of its digest, and the key by which a repetition is known."""
    return {"key": notice.key, "day": notice.day.isoformat(), **msgspec.to_builtins(notice.finding)}


def version() -> str:
    """Return the version of trailwatch."""
    try:
        return metadata.version("trailwatch-cloudtrail")
    except metadata.PackageNotFoundError:
        return "0"
