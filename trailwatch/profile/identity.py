"""Who is meant by a name, and the profile of that identity: what it does, where, with what, when, how much."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from html import escape
from typing import Any

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.profile import baseline
from trailwatch.profile.portrait import networks_of, render_text
from trailwatch.store.tables import Store

_ARN = re.compile(
    r"arn:[a-z-]+:(?:iam|sts)::(\d{12}):(user|role|assumed-role|federated-user|root)(?:/(.+))?", re.IGNORECASE
)
_SUFFIX = re.compile(r"(?i)^(AWSReservedSSO_.+)_[0-9a-f]{16}$")
LIMIT = 20  # identities shown for one name


@dataclass(frozen=True)
class Subject:
    """An identity: a principal, or the person behind principals."""

    kind: str  # person | principal
    value: str
    by: str = "name"  # name | key | id | temporary key


@dataclass(frozen=True)
class Used:
    """One value that an identity used in the window."""

    value: str
    events: int
    days: int
    first_time: datetime
    last_time: datetime


@dataclass(frozen=True)
class Amount:
    """How much of something an active day holds."""

    measure: str
    days: int
    median: float
    mad: float
    most: int


@dataclass(frozen=True)
class Rhythm:
    """When an identity was used over all history, in days."""

    first_seen: date
    last_seen: date
    active_days: int
    gap: float
    usual_gap: float | None = None
    longest_gap: float | None = None


@dataclass(frozen=True)
class Profile:
    """What one identity normally does, as known before a day."""

    subject: Subject
    day: date
    window: int
    rhythm: Rhythm | None
    kind: str = ""  # human | admin | pipeline | workload | service | vendor; of a person: of what it uses most
    evidence: str = ""
    peer_group: str = ""
    peers: int = 0
    used: dict[str, list[Used]] = field(default_factory=dict)  # dimension → values, most used first
    amounts: list[Amount] = field(default_factory=list)
    time_zone: str = "UTC"
    hours: list[int] = field(default_factory=list)  # active hours per hour of the week, Monday 00:00 first
    weeks: int = 0
    networks: dict[str, str] = field(default_factory=dict)  # address → declared network
    accounts: dict[str, str] = field(default_factory=dict)  # account → its name

    def text(self, *, every: bool = False) -> str:
        """Return the profile as text for a terminal; `every` value, or the first of each list."""
        return render_text(self, every=every)

    def __str__(self) -> str:
        return self.text()

    def _repr_html_(self) -> str:
        return f"<pre>{escape(self.text())}</pre>"


def find(engine: Engine, text: str) -> list[Subject]:
    """Return the identities that a name, ARN, access key id, role, e-mail address or principal stands for.

    Reads `seen` and `sessions` in the engine.
    """
    principal, session = _arn(text.strip())
    rows = engine.relation(
        "subjects", text=text.strip().lower(), principal=principal.lower(), session=session.lower()
    ).to_pylist()
    found = [Subject(row["kind"], row["value"], row["how"]) for row in rows]
    if session and any(subject.kind == "person" for subject in found):
        return [subject for subject in found if subject.kind == "person"]
    return found


def profile(
    engine: Engine, subject: Subject, *, day: date, config: Config | None = None, window: int = baseline.WINDOW
) -> Profile:
    """Return the profile of one identity as known before a day; reads the baseline's relations in the engine."""
    config = config or Config()
    who = {"kind": subject.kind, "value": subject.value}
    used: dict[str, list[Used]] = {}
    for row in engine.relation("portrait", **who, day=day).to_pylist():
        used.setdefault(row.pop("dimension"), []).append(Used(**row))
    amounts = [Amount(**row) for row in engine.relation("portrait_amounts", **who).to_pylist()]
    rhythm = engine.query(
        "select first_seen, last_seen, active_days, gap, usual_gap, longest_gap from rhythm "
        "where kind = $kind and value = $value", **who
    ).to_pylist()  # fmt: skip
    week = engine.query(
        "select time_zone, weeks, list(own order by hour_of_week) as hours from habits "
        "where kind = $kind and value = $value group by all", **who
    ).to_pylist()  # fmt: skip
    main = subject.value if subject.kind == "principal" else _main(used.get("principal", []))
    classes = engine.query("select class, evidence from classes where principal = $main", main=main).to_pylist()
    peers = engine.query(
        "select basis || ' ' || peer_group as peer_group, members from peers "
        "where principal = $main and ($kind = 'principal' or person = $value) order by person limit 1",
        main=main, **who,
    ).to_pylist()  # fmt: skip
    return Profile(
        subject, day, window, Rhythm(**rhythm[0]) if rhythm else None,
        used=used, amounts=amounts, networks=networks_of(config, [one.value for one in used.get("address", [])]),
        accounts=dict(config.organization.accounts),
        **({"time_zone": week[0]["time_zone"], "hours": week[0]["hours"], "weeks": week[0]["weeks"]} if week else {}),
        **({"kind": classes[0]["class"], "evidence": classes[0]["evidence"]} if classes else {}),
        **({"peer_group": peers[0]["peer_group"], "peers": peers[0]["members"]} if peers else {}),
    )  # fmt: skip


def profiles(store: Store, text: str, *, day: date, config: Config | None = None) -> list[Profile]:
    """Return the profile of every identity that a text stands for; an unknown name is an error that offers near ones."""
    config = config or Config()
    with Engine() as engine:
        baseline.show(store, engine, day=day)
        store.show(engine, "sessions")
        found = find(engine, text)
        if not found:
            raise StoreError(f"no identity is called {text!r}", where=store.uri, hint=near(engine, text))
        baseline.build(engine, day=day, zones=baseline.zones(config), classes=baseline.classes(config))
        return [profile(engine, subject, day=day, config=config) for subject in found[:LIMIT]]


def _main(principals: list[Used]) -> str:
    # What somebody signs in as says less than the user or role that does the work.
    working = [one.value for one in principals if "/role/" in one.value or "/user/" in one.value]
    return (working or [one.value for one in principals] or [""])[0]


def _arn(text: str) -> tuple[str, str]:
    """Return the principal, and the session name, that an ARN stands for; two empty texts for anything else."""
    found = _ARN.fullmatch(text)
    if not found:
        return "", ""
    account, kind, rest = found[1], found[2].lower(), found[3] or ""
    if kind == "root":
        return f"{account}/root", ""
    if kind == "federated-user":
        return f"{account}/federated/{rest}", ""
    if kind == "assumed-role":
        role, _, session = rest.partition("/")
        return f"{account}/role/{_settled_name(role)}", session
    return f"{account}/{kind}/{_settled_name(rest.rpartition('/')[2])}", ""


def _settled_name(role: str) -> str:
    # A reserved single sign-on role gets a new suffix whenever its assignments are made again.
    return _SUFFIX.sub(r"\1", role)


def near(engine: Engine, text: str) -> str:
    """Return names that are spelled like a text, nearest first."""
    names: list[tuple[Any, ...]] = engine.rows(
        "select name from (select distinct person as name from seen union select distinct principal from seen) "
        "where name <> '' order by if(contains(lower(name), lower($text)), 0, 1), "
        "jaro_winkler_similarity(lower(name), lower($text)) desc, name limit 3", text=text,
    )  # fmt: skip
    return ", ".join(name for (name,) in names) or "trailwatch ingest SOURCE, then settle"
