"""Digests that were made before: the one to show again, and what that of the week before counted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import msgspec

from trailwatch.digest.page import Digest
from trailwatch.digest.report import Before
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.store.tables import Store


def kept(store: Store, day: date | None = None) -> Digest:
    """Return the digest of a day as it was kept, or the newest one."""
    days = sorted(key[0] for key in store.partitions("digests"))
    when = day or (days[-1] if days else None)
    hint = f"trailwatch digest --date {when}" if when else "trailwatch run"
    if when not in days or when is None:
        raise StoreError(f"there is no digest{f' of {when}' if when else ''} yet", where=store.uri, hint=hint)
    with Engine() as engine:
        store.show(engine, "digests", days=(when, when))
        rows = engine.rows("select body from digests order by made_at desc, run desc limit 1")
    try:
        return msgspec.json.decode(rows[0][0], type=Digest)
    except msgspec.ValidationError as error:
        raise StoreError(f"the digest of {when} was made by another version", where=store.uri, hint=hint) from error


def week_before(store: Store, *, day: date) -> Before | None:
    """Return the counts of the newest digest from 7 to 13 days before a day, None where there is none."""
    with Engine() as engine:
        store.show(engine, "digests", days=(day - timedelta(days=13), day - timedelta(days=7)))
        rows = engine.relation("week_before", day=day).to_pylist()
    if not rows:
        return None
    told = [*json.loads(rows[0]["practices"]), *json.loads(rows[0]["controls"])]
    return Before(rows[0]["dt"], dict(pair for one in told for pair in _counts(one)))


def _counts(one: dict[str, Any]) -> Iterator[tuple[tuple[str, str], int]]:
    name = str(one.get("code") or one["number"])
    yield (name, ""), len(one["findings"])
    for account in one.get("accounts", ()):
        yield (name, account["account"]), account["count"]
