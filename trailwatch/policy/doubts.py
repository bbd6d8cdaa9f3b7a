"""What nobody can know from the logs alone, so that a person looks at it before a generated policy is applied."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from trailwatch.actions import templates
from trailwatch.engine import Engine
from trailwatch.policy.calls import Pair
from trailwatch.policy.forms import Used
from trailwatch.policy.generalise import generalise, wildcards
from trailwatch.policy.known import Known
from trailwatch.window import Window

_DATA = ("s3.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com")


@dataclass(frozen=True)
class Doubt:
    """One thing that is uncertain, and what it is about."""

    what: str
    about: list[str] = field(default_factory=list)


def tell(
    engine: Engine, used: Used, pairs: Iterable[Pair], known: Known, *, names: Sequence[str],
    days_without_digest: Sequence[date], passed: Sequence[str], window: Window, failed: int,
) -> tuple[Doubt, ...]:  # fmt: skip
    """Return all that is uncertain about a policy of what was used."""
    return (
        *_days(engine, days_without_digest),
        *_data_events(engine, known, names),
        *([Doubt("that a role is handed over, no record says: iam:PassRole is inferred from the roles in parameters", list(passed))]
          if passed else []),
        *_accessed(used, known, names, window),
        *_wide(used),
        *([Doubt("of these events no table knows the action, so that nothing allows them", unknown)]
          if (unknown := _unknown(pairs)) else []),
        *([Doubt(f"{failed:,} calls failed otherwise than by being denied, and are not counted as use (--failed counts them)")]
          if failed else []),
    )  # fmt: skip


def _days(engine: Engine, without: Sequence[date]) -> Iterator[Doubt]:
    [(days,)] = engine.rows("select count(distinct dt) from policy_calls")
    if days < 10:
        yield Doubt(f"there are calls on {days} days only: what is done once a month or a quarter may be missing")
    if without:
        shown = [str(day) for day in without[:3]] + (["…"] if len(without) > 3 else [])
        yield Doubt(
            f"of {len(without)} of {days} days with calls there is no digest, so that nobody looked for findings", shown
        )


def _data_events(engine: Engine, known: Known, names: Sequence[str]) -> Iterator[Doubt]:
    """Without data events nobody sees objects read, functions invoked and items written."""
    logged = {account for (account,) in engine.rows(
        "select distinct account from meant where management_event = false and event_source in $sources", sources=list(_DATA))}  # fmt: skip
    for account in sorted({name.split("/")[0] for name in names}):
        trails = known.trails.get(account, ())
        selected = any(_selects_data(trail) for trail in trails)
        if account not in logged:
            why = (
                "its trails select some, but none came"
                if selected
                else "its trails select none"
                if trails
                else "none came"
            )
            yield Doubt(f"of account {account} there are no data events ({why}): "
                        "objects, items and functions that were used are not seen")  # fmt: skip


def _selects_data(trail: object) -> bool:
    return isinstance(trail, dict) and any(
        one.get("DataResources") or any(field.get("Equals") == ["Data"] for field in one.get("FieldSelectors") or ())
        for key in ("EventSelectors", "AdvancedEventSelectors") for one in trail.get(key) or () if isinstance(one, dict)
    )  # fmt: skip


def _accessed(used: Used, known: Known, names: Sequence[str], window: Window) -> Iterator[Doubt]:
    services = {action.partition(":")[0] for action, _ in used}
    found = [
        f"{service} by {principal}, last on {moment:%Y-%m-%d}"
        for principal, service, moment in known.last_accessed(names)
        if service not in services and window.holds(moment)
    ]
    if found:
        yield Doubt("IAM says that these services were used, and no call in the logs shows it", found)


def _wide(used: Used) -> Iterator[Doubt]:
    unknown: dict[str, None] = {}
    kinds: dict[str, None] = {}
    for (action, _), resources in used.items():
        for text in wildcards(generalise(resources)):
            # An action without kinds of resources knows no other resource than *.
            if text != "*" or templates(action):
                (unknown if text == "*" else kinds)[f"{action} on {text}" if text != "*" else action] = None
    if unknown:
        yield Doubt("on which resource these were used, no record says: they are allowed on any (*)", sorted(unknown))
    if kinds:
        yield Doubt("these are allowed on a whole kind of resources", sorted(kinds))


def _unknown(pairs: Iterable[Pair]) -> list[str]:
    counts: dict[str, int] = defaultdict(int)
    for pair in pairs:
        if pair.permission.how == "unknown":
            counts[f"{pair.source.removesuffix('.amazonaws.com')}:{pair.called}"] += pair.calls
    return [f"{name} ({count:,}×)" for name, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
