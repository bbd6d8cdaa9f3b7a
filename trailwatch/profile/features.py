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
from trailwatch.profile.usual import Floats, Frames

WINDOW_DAYS = 90  # of activity, of which the newer half is trained on
TRAINING_DAYS = 45
OWN_DAYS = 28  # active days before a day that say what is usual
WARM_UP = 14  # active days until an identity's own history counts in full
LOWEST, HIGHEST = -6.0, 12.0  # spreads, beyond which a feature says no more


@dataclass(frozen=True)
class Feature:
    """One column of the matrix."""

    name: str
    label: str
    unit: str  # count, weight: kept as ln(1 + n); odds, times: as ln n; share
    family: str  # much | new | place | time | rest | week
    aspect: str  # features that tell the same fact fall together when it is explained away
    floor: float  # the least spread, so that a first small change is no surprise
    meaning: str

    @property
    def novelty(self) -> bool:
        """Say whether everything is new in a new identity, so that newness counts only by and by."""
        return self.family not in ("much", "rest")

    @property
    def prefix(self) -> str:
        """Return what stands before the name in features_days.sql."""
        return "y_" if self.family == "week" else "n_" if self.novelty else "x_"


FEATURES = (
    Feature("events", "events", "count", "much", "amount", 0.45, "Events of the day."),
    Feature("writes", "changing calls", "count", "much", "amount", 0.5, "Events that are no reads."),
    Feature("actions", "distinct actions", "count", "much", "amount", 0.3, "Distinct actions."),
    Feature("sensitive", "distinct changing actions", "count", "much", "amount", 0.4, "Distinct actions of level Write or above."),
    Feature("denied", "denied calls", "count", "much", "denied", 0.6, "Calls without permission."),
    Feature("peak_events", "events within ten minutes", "count", "much", "amount", 0.5, "The busiest ten minutes."),
    Feature("peak_reads", "distinct reads within ten minutes", "count", "much", "amount", 0.35, "The broadest ten minutes."),
    Feature("targets", "distinct targets", "count", "much", "amount", 0.5, "Users, buckets, keys and so on that were acted on."),
    Feature("secrets", "distinct secrets read", "count", "much", "secrets", 0.4, "Secrets and parameters whose value was read."),
    Feature("sessions", "sessions at once", "count", "much", "amount", 0.4, "Most credentials in use within one hour."),
    Feature("new_actions", "actions never used before", "count", "new", "actions", 0.4, "First uses over all history."),
    Feature("new_sensitive", "weight of new actions", "weight", "new", "actions", 0.4, "First uses × access level × rarity in peers."),
    Feature("peer_surprise", "surprise of new actions", "weight", "new", "actions", 0.6, "First uses × how few peers use them."),
    Feature("rare_actions", "weight of unusual actions", "weight", "new", "actions", 0.5, "Rare for itself × level × rarity in peers."),
    Feature("address_rarity", "rarity of the new network", "odds", "place", "network", 0.8, "How few peers use the rarest new network."),
    Feature("new_address_share", "of events from networks never used before", "share", "place", "network", 0.2, "From networks it never used."),
    Feature("new_client", "rarity of the new client", "odds", "place", "client", 0.8, "How few peers use the rarest new client."),
    Feature("new_region", "surprise of new regions", "weight", "new", "region", 0.5, "First uses × how few peers use them."),
    Feature("new_role", "surprise of roles newly assumed", "weight", "new", "role", 0.5, "First uses × how few peers assume them."),
    Feature("hour_max", "rarity of the oddest hour", "odds", "time", "time", 0.9, "How seldom it works at the least usual hour."),
    Feature("off_day", "rarity of this weekday", "odds", "time", "time", 0.6, "How seldom it works on this day of the week."),
    Feature("asleep", "sleep against the longest usual pause", "times", "rest", "rest", 0.35, "Days asleep by the own rhythm, also of a key."),
    Feature("root_use", "rarity of root use", "odds", "rest", "root", 0.5, "For root: how seldom it is used."),
    Feature("week_new", "surprise of the week's new actions", "weight", "week", "actions", 0.6, "As peer_surprise, over seven days."),
    Feature("week_rare", "weight of the week's unusual actions", "weight", "week", "actions", 0.5, "As rare_actions, over seven days."),
)  # fmt: skip
NAMES = tuple(feature.name for feature in FEATURES)


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
    return _matrix(engine.query("select * from features_days order by id, dt"), names, first)


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


def _matrix(rows: pa.Table, names: pa.Table, first: date) -> Matrix:
    """Return the rows from `first` on, each beside what was usual for its identity on the active days before.

    How new a day was is held against days after the warm-up only, when not everything was new; a week's sum against
    weeks that ended before this one began.
    """
    every = {name: _numbers(rows.column(name)) for name in rows.column_names}
    days = every["dt"].astype("datetime64[D]")
    wanted = np.flatnonzero(days >= np.datetime64(first))
    # The numbers follow the order of principals and persons.
    wanted = wanted[np.lexsort((every["id"][wanted], days[wanted]))]
    id = every["id"][wanted]
    peer, root = _numbers(names.column("peer"))[id - 1].astype(str), _numbers(names.column("root"))[id - 1].astype(bool)
    raw, middle, high, deviation, known = _measured(every, wanted)
    floors = np.array([feature.floor for feature in FEATURES])
    novel = np.array([feature.novelty for feature in FEATURES])
    peers_usual, peers_spread = _of_peers(raw, peer, floors)
    # The ninth decile sees the spread of what happens on three days in ten, where median and deviation are both zero.
    own_spread = np.maximum(np.maximum(1.4826 * deviation, (high - middle) / 1.28), floors)
    trust = np.minimum(1.0, known / WARM_UP)[:, None]
    has = np.isfinite(middle)
    usual = np.where(has, trust * np.where(has, middle, 0) + (1 - trust) * peers_usual, peers_usual)
    spread = np.where(has, trust * np.where(has, own_spread, 0) + (1 - trust) * peers_spread, peers_spread)
    scaled = (raw - usual) / spread
    # Root has no learning period: nothing of it is expected, ever.
    grown = np.where(root, 1.0, np.minimum(1.0, every["active_days"][wanted] / WARM_UP))[:, None]
    scaled = np.where(novel, grown * scaled, scaled)
    scaled -= _moved_together(scaled, peer, days[wanted])
    first_days = every["first_day"][wanted].astype("datetime64[D]")
    return Matrix(
        id=id, day=days[wanted], peer=peer,
        principal=_numbers(names.column("principal"))[id - 1], person=_numbers(names.column("person"))[id - 1],
        judged_from=np.where(root, first_days, first_days + np.timedelta64(WARM_UP, "D")),
        raw=raw, usual=usual, spread=spread, peers_usual=peers_usual,
        scaled=np.clip(scaled, LOWEST, HIGHEST),
    )  # fmt: skip


def _measured(
    every: Mapping[str, npt.NDArray[Any]], wanted: npt.NDArray[np.int64]
) -> tuple[Floats, Floats, Floats, Floats, npt.NDArray[np.int64]]:
    """Return each feature as measured, its usual value, ninth decile and deviation, and the days that tell these."""
    own = Frames(every["id"], wanted, OWN_DAYS)
    weeks = Frames(every["id"], wanted, OWN_DAYS + 7, 7)
    columns = np.column_stack([every[feature.prefix + feature.name].astype(np.float64) for feature in FEATURES])
    middle, high, deviation = (np.zeros((len(wanted), len(FEATURES))) for _ in range(3))
    # Novelty is nothing on most days, so that its median deviation is too.
    for prefix, frames, least in (("x_", own, 0), ("n_", own, WARM_UP), ("y_", weeks, 2 * WARM_UP)):
        chosen = [place for place, feature in enumerate(FEATURES) if feature.prefix == prefix]
        found = frames.usual(columns[:, chosen], only=every["active_days"] >= least, deviations=prefix == "x_")
        middle[:, chosen], high[:, chosen] = found.middle, found.high
        if prefix == "x_":
            deviation[:, chosen] = found.deviation
    return np.round(columns[wanted], 9), np.round(middle, 9), np.round(high, 9), deviation, own.counts()


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
