"""An archive of pages in a folder: an index over the days with its trends, a page a day, a page an identity."""

from __future__ import annotations

import json
import os
import secrets
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa

from trailwatch.charts.gather import Identity
from trailwatch.config import Config
from trailwatch.digest.album import Portrait, album
from trailwatch.digest.html import html, index_html, portrait_html
from trailwatch.digest.week import kept
from trailwatch.engine import Engine
from trailwatch.errors import ConfigError
from trailwatch.finding import SEVERITIES
from trailwatch.store.tables import Store

HOME, PEOPLE, MADE = "index.html", "identities", "made.json"
MOST_DAYS = 31  # pages that one run writes; an older archive is caught up with run by run
MOST_FINDINGS = 200
FORM = 1  # raise it where pages are to be made again


@dataclass(frozen=True)
class Site:
    """What one run did to an archive."""

    folder: str
    written: tuple[date, ...]
    days: int
    left: int = 0  # days that still have no page

    def text(self) -> str:
        """Return it as one line."""
        left = f"; {self.left} older days follow in the next runs" if self.left else ""
        return f"{self.folder}: {len(self.written)} of {self.days} days written{left}"


def site(store: Store, folder: str, *, config: Config | None = None) -> Site:
    """Bring an archive up to date: days that have no page yet or whose digest was made again, their identities, the index."""
    root = Path(folder)
    try:
        (root / PEOPLE).mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise ConfigError(f"is no folder for pages: {error.strerror}", where=folder, hint="--site FOLDER") from error
    days = _days(store)
    made = _made(root)
    due = [row for row in days if made.get(str(row["dt"])) != _mark(row) or not (root / f"{row['dt']}.html").is_file()]
    people: dict[str, Portrait] = {}
    for row in due[:MOST_DAYS]:
        page = kept(store, row["dt"])
        portraits = album(store, page, config=config, home=f"{PEOPLE}/")
        _put(root / f"{row['dt']}.html", html(page, album=portraits, home=HOME))
        made[str(row["dt"])] = _mark(row)
        for one in portraits.portraits:
            # The newest day comes first, and tells an identity as it is now.
            people.setdefault(one.key, one)
    _people(store, root, people)
    _put(root / HOME, index_html(days, pages={day for day in made if (root / f"{day}.html").is_file()}))
    _put(root / MADE, json.dumps(made, indent=1, sort_keys=True))
    return Site(folder, tuple(row["dt"] for row in due[:MOST_DAYS]), len(days), max(len(due) - MOST_DAYS, 0))


def _people(store: Store, root: Path, people: Mapping[str, Portrait]) -> None:
    told = _findings(store, ((one.kind, one.name) for one in people.values()))
    for key, one in people.items():
        target = root / PEOPLE / f"{key}.html"
        if not one.drawings and target.is_file() and one.words:
            # A page with charts of a day on which it acted says more than one without.
            text = target.read_text(encoding="utf-8")
            if "<figure" in text:
                continue
        _put(target, portrait_html(one, told[one.name], home=f"../{HOME}"))


def _days(store: Store) -> list[dict[str, Any]]:
    with Engine() as engine:
        store.show(engine, "digests")
        store.show(engine, "findings")
        rows: list[dict[str, Any]] = engine.relation("site_days").to_pylist()
    return rows


def _findings(store: Store, identities: Iterable[Identity]) -> Mapping[str, list[dict[str, Any]]]:
    asked = list(identities)
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    with Engine() as engine:
        store.show(engine, "findings")
        engine.table("pictured", pa.table({
            "kind": pa.array([kind for kind, _ in asked], pa.string()),
            "name": pa.array([name for _, name in asked], pa.string()),
        }))  # fmt: skip
        for row in engine.relation("site_findings", most=MOST_FINDINGS).to_pylist():
            found[row["name"]].append(row)
    return found


def _mark(row: Mapping[str, Any]) -> str:
    counts = "-".join(str(row[name]) for name in SEVERITIES)
    return f"{FORM} {row['made_at']:%Y-%m-%dT%H:%M:%S.%f} {counts}"


def _made(root: Path) -> dict[str, str]:
    try:
        found = json.loads((root / MADE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        # Without the note of what was made, all of it is made again.
        return {}
    return {str(day): str(mark) for day, mark in found.items()} if isinstance(found, dict) else {}


def _put(target: Path, text: str) -> None:
    # Whoever reads a page while it is written sees the old one.
    beside = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as out:
            out.write(text)
        beside.replace(target)
    except OSError as error:
        raise ConfigError(f"cannot be written: {error.strerror}", where=str(target), hint="--site FOLDER") from error
    finally:
        beside.unlink(missing_ok=True)
