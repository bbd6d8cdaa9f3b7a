"""One incident as an archive to hand on: findings, events and session trees, with a hash of each file."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError, StoreError
from trailwatch.finding import Finding, Incident
from trailwatch.findings.records import read_incident
from trailwatch.investigate import lineage_page, views
from trailwatch.investigate.history import history
from trailwatch.investigate.lineage import Lineage, lineage
from trailwatch.investigate.pseudonyms import Pseudonyms
from trailwatch.investigate.rows import plain
from trailwatch.investigate.subject import events as events_of
from trailwatch.investigate.subject import events_by_id
from trailwatch.store.tables import Store
from trailwatch.window import Window

TREES = 5  # credentials whose tree is told


@dataclass(frozen=True)
class Case:
    """What belongs to one incident."""

    about: str
    incident: Incident | None
    findings: list[Finding]
    events: pa.Table
    trees: list[Lineage]


def collect(store: Store, about: str, *, config: Config, window: Window | None = None) -> Case:
    """Return the findings, events and session trees of an incident, a finding, or whatever has a history."""
    incident = _incident(store, about)
    single = None if incident else views.finding(store, about)
    if incident or single:
        ids = list(incident.findings) if incident else [about]
        findings = [found for id in ids if (found := views.finding(store, id))]
        events = _events(store, findings, config)
    else:
        told = history(store, about, config=config, window=window)
        findings = [found for one in told.findings if (found := views.finding(store, one.id))]
        events = events_of(store, about, config=config, window=window)
    keys = dict.fromkeys(row for row in events["credential"].to_pylist() if row)
    days = _window(events) if window is None else window
    trees = [lineage(store, key, config=config, window=days) for key in list(keys)[:TREES]]
    return Case(about, incident, findings, events, trees)


def export(
    case: Case, path: str, *, pseudonyms: Pseudonyms | None, accounts: Mapping[str, str], now: datetime
) -> dict[str, Any]:
    """Write a case as a zip file for its owner alone, and return its manifest."""
    rows = case.events.to_pylist()
    data: dict[str, Any] = {
        "findings.json": [_plain(one) for one in case.findings], "incident.json": _plain(case.incident),
        "lineage.json": [json.loads(lineage_page.as_json(tree)) for tree in case.trees],
    }  # fmt: skip
    pages = "\n".join(lineage_page.page(tree, accounts=accounts, every=True).markdown() for tree in case.trees)
    about = case.about
    if pseudonyms:
        pseudonyms.learn([*(name for row in rows for name in pseudonyms.gather(row)), *accounts.values()])
        pseudonyms.learn(name for finding in data["findings.json"] for name in pseudonyms.gather(finding))
        rows = [pseudonyms.value(row) for row in rows]
        data = {name: pseudonyms.value(value) for name, value in data.items()}
        pages, about = pseudonyms.text(pages), pseudonyms.text(about)
    files = {name: _json(value) for name, value in data.items()}
    files["events.jsonl"] = b"".join(msgspec.json.encode(row, enc_hook=plain) + b"\n" for row in rows)
    files["lineage.md"] = pages.encode()
    manifest = {
        "schema": 1, "about": about, "made_at": now.isoformat(), "pseudonyms": pseudonyms is not None,
        "findings": len(case.findings), "events": len(rows), "trees": len(case.trees),
        "files": {name: {"sha256": hashlib.sha256(body).hexdigest(), "bytes": len(body)} for name, body in files.items()},
    }  # fmt: skip
    _zip(path, {"manifest.json": _json(manifest), **files})
    return manifest


def check(path: str) -> list[str]:
    """Return what is wrong with an archive: files that are missing, changed, or not told of; nothing when it is whole."""
    try:
        with zipfile.ZipFile(path) as archive:
            bodies = {name: archive.read(name) for name in archive.namelist()}
        told = json.loads(bodies.pop("manifest.json"))["files"]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise ConfigError(f"this is no case: {error}", where=path) from error
    wrong = [f"{name} is missing" for name in told if name not in bodies]
    wrong += [f"{name} is not told of" for name in bodies if name not in told]
    return wrong + [f"{name} was changed" for name, body in bodies.items()
                    if name in told and hashlib.sha256(body).hexdigest() != told[name]["sha256"]]  # fmt: skip


def secret(path: str) -> bytes:
    """Return the key of the pseudonyms in a file; a file that does not exist is made, for its owner alone."""
    place = Path(path)
    if place.exists():
        try:
            return bytes.fromhex(json.loads(place.read_text(encoding="utf-8"))["key"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(
                "this is no key of pseudonyms", where=path, hint="another file: a new key is made"
            ) from error
    return secrets.token_bytes(32)


def keep(path: str, key: bytes, pseudonyms: Pseudonyms) -> None:
    """Write the key with the names behind the pseudonyms, to read answers by; it belongs to nobody else."""
    body = {"key": key.hex(), "names": {made: real for real, made in sorted(pseudonyms.known.items())}}
    _private(path, _json(body))


def _incident(store: Store, id: str) -> Incident | None:
    with Engine() as engine:
        store.show(engine, "incidents")
        rows = engine.rows("select body from incidents where id = $id order by dt desc limit 1", id=id)
    return read_incident(rows[0][0]) if rows else None


def _events(store: Store, findings: list[Finding], config: Config) -> pa.Table:
    ids = sorted({id for finding in findings for id in finding.event_ids})
    days = [
        time.date() for finding in findings if finding.event_ids for time in (finding.first_time, finding.last_time)
    ]
    return events_by_id(store, ids, days, config=config)


def _window(events: pa.Table) -> Window | None:
    times = [row for row in events["event_time"].to_pylist() if row]
    if not times:
        return None
    return Window(min(times).astimezone(UTC) - timedelta(days=2), max(times).astimezone(UTC) + timedelta(days=7))


def _plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value, enc_hook=plain))


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1, default=plain).encode() + b"\n"


def _zip(path: str, files: Mapping[str, bytes]) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in files.items():
            # The same case is the same bytes, but for the moment in its manifest.
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), body, zipfile.ZIP_DEFLATED)
    _private(path, out.getvalue())


def _private(path: str, data: bytes) -> None:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            os.fchmod(descriptor, 0o600)
            out.write(data)
    except OSError as error:
        raise StoreError(f"cannot be written: {error.strerror}", where=path, hint="another file") from error
