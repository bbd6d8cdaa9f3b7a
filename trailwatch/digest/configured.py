"""How IAM is configured on a day: the posture detections over the newest exports, and which of them answered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import date

from trailwatch.config import Config
from trailwatch.detect import exports, posture
from trailwatch.detect.catalogue import Catalogue
from trailwatch.detect.exports import Export
from trailwatch.detect.posture import Evaluated
from trailwatch.engine import Engine
from trailwatch.finding import Finding
from trailwatch.findings import posture as triage
from trailwatch.store.tables import Store


@dataclass(frozen=True)
class Configured:
    """The findings about the configuration of IAM, what they rest on, and who could not be looked at."""

    findings: tuple[Finding, ...]
    evaluated: Evaluated
    exports: tuple[Export, ...]
    asked: frozenset[str]  # the posture detections that are on

    @property
    def answers(self) -> Mapping[tuple[str, str], str]:
        """(account, detection) → '' where an export answered it, else why not."""
        accounts = {export.account for export in self.exports}
        found = {(account, one.id): one.reason for account in accounts
                 for one in (*self.evaluated.not_run, *self.evaluated.not_evaluated)}  # fmt: skip
        found |= {(one.account, one.detection): one.reason for one in self.evaluated.unchecked}
        return found | {(account, detection): "" for detection, account in self.evaluated.checked}


def look(
    store: Store, seen: Engine, rules: Catalogue, *, day: date, config: Config, own: Iterable[str] = ()
) -> Configured:  # fmt: skip
    """Evaluate the posture detections of a day; `seen` is an engine that shows the relation `seen`."""
    asked = frozenset(rule.id for rule in rules if rule.snapshot)
    used = exports.uses(seen, day=day)
    # An engine of its own: queries of detections run in it, and it is locked for good before the first one.
    with Engine(alone=True) as engine:
        found = exports.show(store, engine, day=day)
        signed = exports.reviews(store, engine, day=day)
        exports.build(engine, config, day=day, seen=used, own=own, signed=signed)
        evaluated = posture.evaluate(engine, rules, found, config)
    return Configured(
        tuple(triage.findings(evaluated.found, rules, day=day, config=config)), evaluated, found, asked)  # fmt: skip


def unable(one: Configured) -> AbstractSet[str]:
    """Return the posture detections that looked nowhere."""
    return {failed.id for failed in (*one.evaluated.not_run, *one.evaluated.not_evaluated)}
