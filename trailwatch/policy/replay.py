"""What policies would have said to every past call of a principal: allow, would deny, or cannot tell, with the reason."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa

from trailwatch.config import Config
from trailwatch.engine import Engine
from trailwatch.errors import PolicyError, StoreError
from trailwatch.policy import calls
from trailwatch.policy.calls import Calls, Group, Pair
from trailwatch.policy.evaluate import Outcome, Policies, Request, Verdict, evaluate, together
from trailwatch.policy.keys import context
from trailwatch.policy.patterns import HOLE, Context
from trailwatch.policy.targets import resources
from trailwatch.profile import identity, sessions
from trailwatch.store.schema import TEXT, TIME
from trailwatch.store.tables import Store
from trailwatch.window import Window

if TYPE_CHECKING:
    from trailwatch.policy.intruder import Intruder

EXAMPLES = 3
SESSION_DAYS = timedelta(days=2)  # a temporary credential lives up to 36 hours
MEMORY = "4GB"


@dataclass
class Line:
    """The calls of one action with the same verdict for the same reason."""

    action: str
    outcome: Outcome
    reason: str
    calls: int = 0
    last_time: datetime | None = None
    event_ids: list[str] = field(default_factory=list)
    resources: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Replay:
    """One replay: verdicts by action, and what could not be judged."""

    policies: tuple[str, ...]
    principals: tuple[str, ...]
    since: datetime | None
    until: datetime | None
    lines: tuple[Line, ...]  # the most urgent first
    unmapped: dict[str, int]  # calls of actions that no table knows, by event
    free: dict[str, int]  # calls that no policy can allow or deny, by event
    denied: int  # calls that were denied when they were made
    exceptions: int  # calls whose action goes by another name than their event
    intruder: Intruder | None = None  # how labelled techniques would fare under the same policies

    def calls(self, outcome: Outcome) -> int:
        """Return how many calls have a verdict."""
        return sum(line.calls for line in self.lines if line.outcome == outcome)


def replay(store: Store, policies: Policies, *, principal: str, window: Window, config: Config | None = None) -> Replay:
    """Judge every call of a principal in a window of a store."""
    config = config or Config()
    days = window.days()
    with Engine(memory=MEMORY) as engine:
        store.show(engine, "seen")
        store.show(engine, "sessions")
        names = principals(engine, principal, where=store.uri)
        store.show(engine, "events", days=days, name="raw_events")
        parents = any(
            "aws:multifactorauthpresent" in one.keys for policy in policies.every for one in policy.statements
        )
        sessions.means(engine)
        if parents:
            first = None if days is None or days[0].year == 1 else (days[0] - SESSION_DAYS, days[1])
            store.show(engine, "sessions", days=first or days, name="sessions_window")
            sessions.attribute(engine, aliases=config.aliases())
        engine.execute(f"create or replace view meant as from {'attributed' if parents else 'events'}")
        return judge(engine, policies, names, window=window, config=config)


def principals(engine: Engine, text: str, *, where: str = "") -> tuple[str, ...]:
    """Return the principal that a name, ARN or key stands for; a policy bears on one, so several are an error."""
    found = identity.find(engine, text)
    direct = [subject.value for subject in found if subject.kind == "principal"]
    people = [subject.value for subject in found if subject.kind == "person"]
    if people and not direct:
        rows = engine.rows(
            "select distinct principal from seen where list_contains($people, person) and principal <> '' order by all",
            people=people,
        )
        used = [name for (name,) in rows]
        # An IAM user is a person of the same name; the roles that the person takes on have policies of their own.
        direct = [name for name in used if name.lower().endswith(f"/user/{text.strip().lower()}")] or used
    if not direct:
        raise StoreError(f"no principal is called {text!r}", where=where, hint="a user, a role, an ARN or a key")
    if len(direct) > 1:
        raise StoreError(
            f"{text!r} stands for {len(direct)} principals", where=where, hint=", ".join(sorted(direct)[:5])
        )
    return tuple(direct)


def judge(
    engine: Engine, policies: Policies, names: tuple[str, ...], *, window: Window, config: Config | None = None,
    ids: int = EXAMPLES, records: str = "raw_events",
) -> Replay:  # fmt: skip
    """Judge the calls of some principals in the relation `meant` of an engine; each line names some `ids` of events.

    `records` is the relation that `meant` was made of, or any that knows all its names.
    """
    gather(engine, names, window=window, config=config)
    read = calls.read(engine, policies.every, ids=ids if ids > EXAMPLES else 1, records=records)
    if len(read.groups) > calls.MOST_GROUPS:
        raise PolicyError(
            f"the calls differ in more than {calls.MOST_GROUPS:,} ways that the policies look at",
            where=", ".join(policy.name for policy in policies.every), hint="a shorter --from and --to",
        )  # fmt: skip
    return Replay(
        tuple(policy.name for policy in policies.every), names, window.start, window.end,
        tuple(_lines(read.groups, policies, ids)),
        _by_event(read, "unknown"), _by_event(read, "none"), read.denied,
        sum(pair.calls for pair in read.pairs if pair.permission.how == "exception"),
    )  # fmt: skip


def gather(engine: Engine, names: tuple[str, ...], *, window: Window, config: Config | None = None) -> None:
    """Make `policy_calls`: the calls of some principals in a window, of the relation `meant` of an engine."""
    engine.table("replayed", pa.table({
        "principal": pa.array(names, TEXT),
        "since": pa.array([window.start or datetime.fromisoformat("0001-01-01T00:00:00Z")] * len(names), TIME),
        "until": pa.array([window.end or datetime.fromisoformat("9999-12-31T00:00:00Z")] * len(names), TIME),
    }))  # fmt: skip
    own = (config or Config()).organization
    accounts = sorted(own.accounts) if own.id else []
    engine.table("own_accounts", pa.table({
        "account": pa.array(accounts, TEXT), "organization": pa.array([own.id] * len(accounts), TEXT),
    }))  # fmt: skip
    engine.view("policy_calls")


def _by_event(read: Calls, how: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for pair in read.pairs:
        if pair.permission.how == how:
            name = _event(pair)
            found[name] = found.get(name, 0) + pair.calls
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))


def _event(pair: Pair) -> str:
    return f"{pair.source.removesuffix('.amazonaws.com')}:{pair.called}"


def _lines(groups: Iterable[Group], policies: Policies, ids: int) -> list[Line]:
    lines: dict[tuple[str, Outcome, str], Line] = {}
    said: dict[object, tuple[str, Verdict, str]] = {}
    for group in groups:
        key = (group.pair, group.account, group.region, group.arns, tuple(group.asked.items()), group.roles,
               tuple((name, None if values is None else tuple(values)) for name, values in group.known.items()))  # fmt: skip
        if key not in said:
            said[key] = _verdict(group, policies, context({**group.known}))
        action, verdict, resource = said[key]
        line = lines.setdefault(
            (action, verdict.outcome, verdict.reason), Line(action, verdict.outcome, verdict.reason)
        )
        line.calls += group.calls
        line.last_time = max(filter(None, (line.last_time, group.last_time)))
        if len(line.event_ids) < ids:
            line.event_ids += (group.event_id, *group.more_ids)[: ids - len(line.event_ids)]
        if group.pair.resource and len(line.resources) < EXAMPLES and resource not in line.resources:
            line.resources.append(resource)
    order = {"would deny": 0, "cannot tell": 1, "allow": 2}
    return sorted(lines.values(), key=lambda line: (order[line.outcome], -line.calls, line.action, line.reason))


def _verdict(group: Group, policies: Policies, known: Context) -> tuple[str, Verdict, str]:
    """Return the action that decides over a call, the verdict, and the resource."""
    asked = [(request, evaluate(request, policies)) for request in requests(group, known)]
    final = together([verdict for _, verdict in asked])
    request = next(request for request, verdict in asked if verdict == final)
    main = _event(group.pair) if group.pair.permission.how == "unknown" else group.pair.permission.action
    reason = final.reason if request.action == asked[0][0].action else f"{request.action}: {final.reason}"
    return main, Verdict(final.outcome, reason), request.resource.replace(HOLE, "…")


def requests(group: Group, known: Context) -> list[Request]:
    """Return all that IAM is asked for a call: its action on each resource, what it needs besides, the roles it passes."""
    pair = group.pair
    action = pair.permission.action
    if not action:
        return [Request(HOLE, HOLE, known)]
    targets: tuple[str, ...] = (HOLE,)
    if pair.resource:
        targets = resources(action, group.arns, group.asked, account=group.account, region=group.region)
    found = [Request(action, target, known) for target in targets]
    found += [Request(other, HOLE, known) for other in pair.permission.besides]
    if pair.passes == "profile" and group.roles:
        found.append(Request("iam:PassRole", f"arn:aws:iam::{group.account}:role/{HOLE}", known))
    elif pair.passes == "arns":
        found += [Request("iam:PassRole", role, known) for role in group.roles]
    elif pair.passes and group.asked.get(pair.passes):
        role = group.asked[pair.passes].rpartition("/")[2]
        found.append(Request("iam:PassRole", f"arn:aws:iam::{group.account}:role/{HOLE}{role}", known))
    return found
