"""The columns of the model's matrix: each feature with its unit, its family, the fact it tells, and its meaning."""

from __future__ import annotations

from dataclasses import dataclass


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
