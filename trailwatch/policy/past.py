"""The calls of one principal in a window, parted into those to fit on, those to prove on, and those inside findings."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.policy import suspect
from trailwatch.policy.condition import MOST_IDS, Candidate, Denied, Left, Part
from trailwatch.policy.document import Kind, Policy, parse
from trailwatch.policy.evaluate import Policies
from trailwatch.policy.replay import SESSION_DAYS, Line, Replay, gather, judge
from trailwatch.profile import sessions
from trailwatch.store.schema import TEXT
from trailwatch.store.tables import Store
from trailwatch.window import Window

ALL = {"Sid": "WhatIsGranted", "Effect": "Allow", "Action": "*", "Resource": "*"}


@dataclass(frozen=True)
class Past:
    """The calls of a principal, in an engine: `past`, and `policy_flagged`, the calls inside findings."""

    engine: Engine
    principal: str
    since: datetime
    split: datetime
    until: datetime
    config: Config
    left: tuple[Left, ...]
    without_digest: int  # days with calls that no digest has looked at

    def part(self, *, held: bool, taken: bool = False) -> Part:
        """Return what one part holds: calls of the principal, or calls by which it was `taken` on as a role."""
        since, until = (self.split, self.until) if held else (self.since, self.split)
        ((count, days),) = self.engine.rows(
            f"select count(*), count(distinct dt) from {_source(taken)} where calm and event_time >= $since "
            "and event_time < $until", since=since, until=until,
        )  # fmt: skip
        return Part(since, until, count, days)

    def first(self, *, taken: bool = False) -> datetime | None:
        """Return the time of the first call of all."""
        found: datetime | None = self.engine.rows(f"select min(event_time) from {_source(taken)} where calm")[0][0]
        return found

    def replay(self, candidate: Candidate, *, flagged: bool = False) -> Replay:
        """Replay a candidate over the held-out calls, or over those inside findings at any time of the window."""
        taken = candidate.place == "trust"
        replaced = " replace ($principal as principal)" if taken else ""
        self.engine.execute(
            f"create or replace table meant as select *{replaced} from {_source(taken)} "
            "where calm <> $flagged and $event in ('', event_name)",
            flagged=flagged, event=candidate.event, **({"principal": self.principal} if taken else {}),
        )  # fmt: skip
        window = Window(self.since if flagged else self.split, self.until)
        return judge(
            self.engine, policies([candidate]), (self.principal,), window=window, config=self.config, ids=MOST_IDS
        )

    def denied(self, lines: Iterable[Line]) -> tuple[Denied, ...]:
        """Return the calls of some lines by action, origin and region, the most first."""
        pairs = [(line.action, id) for line in lines for id in line.event_ids]
        self.engine.table("policy_denied", pa.table({
            "action": pa.array([action for action, _ in pairs], TEXT), "event_id": pa.array([id for _, id in pairs], TEXT),
        }))  # fmt: skip
        rows = self.engine.rows(
            "select action, coalesce(case when vpc_endpoint_id like 'vpce-%' then vpc_endpoint_id end, ip, invoked_by, ''), "
            "coalesce(aws_region, ''), count(*), max(event_time), list(event_id order by event_time desc) "
            "from past join policy_denied using (event_id) group by 1, 2, 3 order by 4 desc, 1, 2, 3"
        )  # fmt: skip
        return tuple(Denied(row[0], row[1], row[2], row[3], row[4], tuple(row[5])) for row in rows)


def policies(candidates: Iterable[Candidate]) -> Policies:
    """Return candidates as policies beside an Allow of everything: only what they deny is judged, not what is granted."""
    given = list(candidates)
    own = [statement for one in given if one.place == "permissions" for statement in one.statements]
    trust = [statement for one in given if one.place == "trust" for statement in one.statements]
    return Policies(
        () if trust and not own else (_policy([ALL, *own], "conditions", "identity"),),
        resource=(_policy(trust, "trust", "resource"),) if trust else (),
    )


def _policy(statements: Sequence[Mapping[str, Any]], name: str, kind: Kind) -> Policy:
    return parse(json.dumps({"Version": "2012-10-17", "Statement": list(statements)}), name=name, kind=kind)


def _source(taken: bool) -> str:
    return "past_taken" if taken else "past_own"


def gathered(store: Store, engine: Engine, principal: str, *, since: datetime, split: datetime, until: datetime,
             config: Config) -> Past:  # fmt: skip
    """Read the calls of a principal, and set apart those inside findings at medium or above that nobody called benign."""
    days = Window(since, until).days() or (since.date(), until.date())
    store.show(engine, "events", days=days, name="raw_events")
    store.show(engine, "sessions", days=(days[0] - SESSION_DAYS, days[1]), name="sessions_window")
    sessions.means(engine)
    sessions.attribute(engine, aliases=config.aliases())
    engine.build("past", relation="policy_past", principal=principal, since=since, until=until)
    engine.execute("create or replace table meant as from past")
    gather(engine, (principal,), window=Window(since, until), config=config)
    suspects = suspect.mark(store, engine, days=days)
    for name, own in (
        ("past_own", "principal = $principal"),
        ("past_taken", "principal <> $principal and identity_type <> 'AWSService'"),
    ):
        engine.execute(
            f"create or replace table {name} as select *, event_id not in (select event_id from policy_flagged) "
            f"and event_id not in (select event_id from policy_told) as calm from past where {own}", principal=principal,
        )  # fmt: skip
    rows = dict(engine.rows(
        "select finding, count(distinct event_id) from policy_flagged semi join past using (event_id) group by finding"
    ))  # fmt: skip
    left = [
        Left(told.id, told.title, told.severity, rows[told.id])
        for told in suspects.findings.values()
        if told.id in rows
    ]
    return Past(engine, principal, since, split, until, config,
                tuple(sorted(left, key=lambda one: (-one.calls, one.id))), len(suspects.without_digest))  # fmt: skip


def window(store: Store, given: Window, *, days: int = 90) -> tuple[datetime, datetime, datetime]:
    """Return start, split and end: by default the last ninety days that the store knows, split at two thirds."""
    last = max((key[0] for key in store.partitions("activity")), default=None)
    end = given.end
    if end is None:
        if last is None:
            raise StoreError("nothing is settled yet", where=store.uri, hint="trailwatch ingest SOURCE, then settle")
        end = datetime.combine(last + timedelta(days=1), time(), UTC)
    start = given.start or end - timedelta(days=days)
    length = (end - start) * 2 / 3
    return start, start + timedelta(days=round(length / timedelta(days=1))), end
