"""Least privilege from history: a policy of what principals used, without what findings tell of."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta

import pyarrow as pa

from trailwatch.actions import exists
from trailwatch.engine import Engine
from trailwatch.errors import PolicyError, StoreError
from trailwatch.policy import doubts, fates, forms, known, replay, suspect
from trailwatch.policy import groups as by_use
from trailwatch.policy import uses as past
from trailwatch.policy.calls import Pair
from trailwatch.policy.covering import rank
from trailwatch.policy.forms import Form
from trailwatch.policy.generated import Coverage, Generated
from trailwatch.policy.proving import prove
from trailwatch.profile import sessions
from trailwatch.store.schema import TEXT, TIME
from trailwatch.store.tables import Store
from trailwatch.window import Window

DAYS = 90
_KEPT = (
    "event_id", "event_time", "dt", "principal", "person", "account", "address", "origin", "outcome", "event_source", "called",
    "event_type", "aws_region", "invoked_by", "request", "resources", "management_event", "issuer_arn", "identity_arn",
)  # fmt: skip


def generate(
    store: Store, identities: Sequence[str], *, group: str = "", window: Window | None = None, form: Form = "managed",
    failed: bool = False, suggest: bool = False,
) -> Generated:  # fmt: skip
    """Make a policy of what identities used in a window [default: the last 90 days of the store].

    A call counts that succeeded, whoever made it on the identity's behalf; with `failed` also one that IAM let pass and
    that then failed, as of an object that is not there. Denied calls, and those that findings tell of, are left out.
    """
    window = window if window and (window.start or window.end) else _newest(store)
    with Engine(memory=replay.MEMORY) as engine:
        store.show(engine, "seen")
        store.show(engine, "sessions")
        facts = known.read(store)
        names = _principals(engine, identities, facts, group, form, where=store.uri)
        _show(store, engine, names, window)
        suspects = suspect.mark(store, engine, days=window.days())
        uses = past.read(engine)
        found = fates.sort(uses.uses, failed=failed)
        arns = [arn for (arn,) in engine.rows(
            "select distinct coalesce(nullif(issuer_arn, ''), identity_arn) as arn from policy_calls where arn like 'arn:%' order by all")]  # fmt: skip
        free = sorted({
            f"{pair.source.split('.')[0]}:{pair.called}" for pair in uses.pairs
            if pair.permission.how == "none" and exists(pair.source.split(".")[0], pair.called)
        })  # fmt: skip
        made = forms.make(
            found.used, form, free=free, arns=[known.stable(arn) for arn in arns],
            user=any("/user/" in name for name in names),
        )  # fmt: skip
        coverage = _coverage(uses.pairs)
        return Generated(
            form, names, window.start, window.end, made.documents, made.widened, tuple(fates.granted(found)),
            fates.ordered(found.denied), fates.ordered(found.failed), tuple(fates.removed(found, suspects)),
            prove(found.needs, made.documents, form, arns), coverage,
            doubts.tell(engine, found.used, uses.pairs, facts, names=names, days_without_digest=suspects.without_digest,
                        passed=fates.passed(found), window=window, failed=sum(one.calls for one in found.failed.values())),
            tuple(rank(found.used, facts.policies(names))),
            by_use.suggest(store, engine, window, facts) if suggest else (),
        )  # fmt: skip


def _newest(store: Store) -> Window:
    days: list[date] = [key[0] for key in store.partitions("events")]
    if not days:
        raise StoreError("there are no events yet", where=store.uri, hint="trailwatch ingest SOURCE, then settle")
    end = datetime.combine(max(days) + timedelta(days=1), time(), UTC)
    return Window(end - timedelta(days=DAYS), end)


def _principals(
    engine: Engine, identities: Sequence[str], facts: known.Known, group: str, form: Form, *, where: str
) -> tuple[str, ...]:
    found = [name for text in identities for name in replay.principals(engine, text, where=where)]
    if group:
        found += facts.members(group)
    if not found:
        raise StoreError("nobody is named", where=where, hint="a user, a role, a permission set, or --group NAME")
    if root := [name for name in found if name.endswith("/root") and form != "scp"]:
        what = "nothing but a service control policy binds the root user"
        raise PolicyError(what, where=root[0], hint="--form scp, and work with roles instead")
    return tuple(dict.fromkeys(found))


def _show(store: Store, engine: Engine, names: Sequence[str], window: Window) -> None:
    """Make `policy_calls`: the calls of some principals in a window, with no more of them than is needed."""
    store.show(engine, "events", days=window.days(), name="raw_events")
    sessions.means(engine)
    engine.execute("create or replace view meant as from events")
    engine.table("replayed", pa.table({
        "principal": pa.array(names, TEXT),
        "since": pa.array([window.start or datetime.fromisoformat("0001-01-01T00:00:00Z")] * len(names), TIME),
        "until": pa.array([window.end or datetime.fromisoformat("9999-12-31T00:00:00Z")] * len(names), TIME),
    }))  # fmt: skip
    engine.view("policy_calls")
    engine.execute(f"create or replace table policy_kept as select {', '.join(_KEPT)} from policy_calls")
    engine.execute("create or replace view policy_calls as from policy_kept")


def _coverage(pairs: Iterable[Pair]) -> Coverage:
    counts: dict[str, int] = defaultdict(int)
    events: dict[str, dict[str, int]] = {"none": {}, "unknown": {}}
    for pair in pairs:
        counts[pair.permission.how] += pair.calls
        if pair.permission.how in events:
            name = f"{pair.source.removesuffix('.amazonaws.com')}:{pair.called}"
            events[pair.permission.how][name] = events[pair.permission.how].get(name, 0) + pair.calls
    return Coverage(counts["name"], counts["exception"], *(dict(sorted(events[how].items(), key=lambda item: (-item[1], item[0]))) for how in ("none", "unknown")))  # fmt: skip
