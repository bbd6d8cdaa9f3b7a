"""The model's matrix: one row per principal, person and day, each feature against the identity's own usual, then peers'."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from trailwatch import actions
from trailwatch.engine import Engine
from trailwatch.profile.columns import FEATURES
from trailwatch.profile.usual import Floats, Frames

WINDOW_DAYS = 90  # of activity, of which the newer half is trained on
TRAINING_DAYS = 45
OWN_DAYS = 28  # active days before a day that say what is usual
WARM_UP = 14  # active days until an identity's own history counts in full
PROGRAMS = "workload"  # the peers of whatever no person is behind
LOWEST, HIGHEST = -6.0, 12.0  # spreads, beyond which a feature says no more


@dataclass(frozen=True)
class Matrix:
    """Rows of identities and days, in order of day, principal and person."""

    day: npt.NDArray[Any]
    principal: npt.NDArray[Any]
    person: npt.NDArray[Any]
    peer: npt.NDArray[Any]
    judged_from: npt.NDArray[Any]
    id: npt.NDArray[Any]  # of features_identities
    raw: Floats  # as measured
    usual: Floats  # the identity's own median, shrunk toward its peers'
    spread: Floats
    peers_usual: Floats
    scaled: Floats  # spreads away from usual, less what moved all peers on that day

    def __len__(self) -> int:
        return len(self.day)

    def where(self, mask: npt.NDArray[np.bool_]) -> Matrix:
        """Return the rows of a mask."""
        return Matrix(**{name: getattr(self, name)[mask] for name in self.__dataclass_fields__})


def features(engine: Engine, *, day: date, zones: Mapping[str, str] | None = None, built: bool = False) -> Matrix:
    """Return the matrix of the training days and of `day`, from the relations activity, identity_days and seen.

    `built` says that `used_days` and `known`, which the digest's context has made from these, stand already.
    """
    start, first = day - timedelta(days=WINDOW_DAYS), day - timedelta(days=TRAINING_DAYS)
    found = {} if zones is None else dict(sorted(zones.items()))
    engine.table("zones", pa.table({"who": list(found), "zone": list(found.values())}, schema=_ZONES))
    if not built:
        _known(engine, day)
    _weigh(engine)
    window: dict[str, Any] = {"start": start, "day": day}
    for name, parameters in (
        ("totals", window),
        ("identities", {}),
        ("local", {}),
        ("firsts", window),
        ("present", window),
        ("actions", {}),
        ("new", window),
        ("hours", {"first": first}),
        ("dates", window),
        ("gaps", {"start": start}),
        ("days", {"start": start}),
    ):
        engine.build(f"features_{name}", **parameters)
    names = engine.query("select principal, person, peer, root from features_identities order by id")
    # In the order of identities, then days: the days before a day stand before its row.
    return _matrix(_measured(engine, first), names)


_ZONES = pa.schema([("who", pa.string()), ("zone", pa.string())])


def _known(engine: Engine, day: date) -> None:
    if not engine.rows(
        "select 1 from information_schema.tables where table_name = 'activity_window' and table_catalog = current_database()"
    ):
        engine.execute("create view activity_window as from activity")
    engine.build("used_days")
    engine.build("known", day=day)


def _weigh(engine: Engine) -> None:
    names = [
        name for (name,) in engine.rows("select distinct value from known where dimension = 'action' order by all")
    ]
    engine.table("action_weights", pa.table({
        "action": pa.array(names, pa.string()),
        "weight": pa.array([actions.sensitivity(*name.split(":", 1)) for name in names], pa.float64()),
    }))  # fmt: skip


@dataclass(frozen=True)
class _Measured:
    """The wanted rows: what was measured, and the own usual value, ninth decile and deviation, told by `known` days."""

    id: npt.NDArray[np.int64]
    day: npt.NDArray[Any]
    first_day: npt.NDArray[Any]
    active_days: npt.NDArray[Any]
    known: npt.NDArray[np.int64]
    raw: Floats
    middle: Floats
    high: Floats
    deviation: Floats


def _measured(engine: Engine, first: date) -> _Measured:
    """Return the rows from `first` on with what was usual on the active days before.

    How new a day was is held against days after the warm-up only, when not everything was new; a week's sum against
    weeks that ended before this one began.
    """
    # In the order of identities, then days: the days before a day stand before its row.
    rows = engine.query("select * from features_days order by id, dt")
    # What no explanation asks for makes room for the matrix.
    for name in ("totals", "present", "new", "dates", "gaps", "days"):
        engine.clear(f"features_{name}")
    id, dt, first_day, active = (_numbers(rows.column(name)) for name in ("id", "dt", "first_day", "active_days"))
    columns = np.empty((len(rows), len(FEATURES)))
    for place, feature in enumerate(FEATURES):
        columns[:, place] = _numbers(rows.column(feature.prefix + feature.name))
    del rows
    days = dt.astype("datetime64[D]")
    wanted = np.flatnonzero(days >= np.datetime64(first))
    # The numbers follow the order of principals and persons.
    wanted = wanted[np.lexsort((id[wanted], days[wanted]))]
    own, weeks = Frames(id, wanted, OWN_DAYS), Frames(id, wanted, OWN_DAYS + 7, 7)
    raw = columns[wanted]
    middle, high, deviation = (np.zeros_like(raw) for _ in range(3))
    # Novelty is nothing on most days, so that its median deviation is too.
    for prefix, frames, least in (("x_", own, 0), ("n_", own, WARM_UP), ("y_", weeks, 2 * WARM_UP)):
        chosen = [place for place, feature in enumerate(FEATURES) if feature.prefix == prefix]
        found = frames.usual(columns[:, chosen], only=active >= least, deviations=prefix == "x_")
        middle[:, chosen], high[:, chosen] = found.middle, found.high
        if prefix == "x_":
            deviation[:, chosen] = found.deviation
    for block in (raw, middle, high):
        np.round(block, 9, out=block)
    return _Measured(
        id[wanted], days[wanted], first_day[wanted].astype("datetime64[D]"), active[wanted], own.counts(),
        raw, middle, high, deviation,
    )  # fmt: skip


def _matrix(found: _Measured, names: pa.Table) -> Matrix:
    """Return the measured rows, each beside what was usual for its identity, the less the newer, and for its peers."""
    who = found.id - 1
    peer, root = _numbers(names.column("peer"))[who], _numbers(names.column("root"))[who].astype(bool)
    floors = np.array([feature.floor for feature in FEATURES])
    novel = np.array([feature.novelty for feature in FEATURES])
    peers_usual, peers_spread = _of_peers(found.raw, peer, floors)
    # The ninth decile sees the spread of what happens on three days in ten, where median and deviation are both zero.
    own_spread = np.maximum(np.maximum(1.4826 * found.deviation, (found.high - found.middle) / 1.28), floors)
    trust = np.minimum(1.0, found.known / WARM_UP)[:, None]
    has = np.isfinite(found.middle)
    usual = np.where(has, trust * np.where(has, found.middle, 0) + (1 - trust) * peers_usual, peers_usual)
    spread = np.where(has, trust * np.where(has, own_spread, 0) + (1 - trust) * peers_spread, peers_spread)
    del own_spread, peers_spread, has
    scaled = (found.raw - usual) / spread
    # Root has no learning period: nothing of it is expected, ever.
    grown = np.where(root, 1.0, np.minimum(1.0, found.active_days / WARM_UP))[:, None]
    scaled = np.where(novel, grown * scaled, scaled)
    scaled -= _moved_together(scaled, peer, found.day)
    return Matrix(
        id=found.id, day=found.day, peer=peer,
        principal=_numbers(names.column("principal"))[who], person=_numbers(names.column("person"))[who],
        judged_from=np.where(root, found.first_day, found.first_day + np.timedelta64(WARM_UP, "D")),
        raw=found.raw, usual=usual, spread=spread, peers_usual=peers_usual,
        scaled=np.clip(scaled, LOWEST, HIGHEST, out=scaled),
    )  # fmt: skip


def _numbers(column: pa.ChunkedArray) -> npt.NDArray[Any]:
    return np.asarray(column.to_numpy(zero_copy_only=False))


def _of_peers(raw: Floats, peer: npt.NDArray[Any], floors: Floats) -> tuple[Floats, Floats]:
    usual, spread = np.zeros_like(raw), np.ones_like(raw)
    for group in np.unique(peer):
        mask = peer == group
        middle = np.median(raw[mask], axis=0)
        high = np.quantile(raw[mask], 0.9, axis=0)
        deviation = 1.4826 * np.median(np.abs(raw[mask] - middle), axis=0)
        usual[mask] = middle
        spread[mask] = np.maximum(np.maximum(deviation, (high - middle) / 1.28), 1.5 * floors)
    return usual, spread


def _moved_together(scaled: Floats, peer: npt.NDArray[Any], day: npt.NDArray[Any]) -> Floats:
    # A release day or the Monday after a holiday moves everybody; what all peers share is nobody's surprise.
    shared = np.zeros_like(scaled)
    for group in np.unique(peer):
        for one in np.unique(day):
            mask = (peer == group) & (day == one)
            if mask.sum() >= 5:
                shared[mask] = np.maximum(0.0, np.median(scaled[mask], axis=0))
    return shared
