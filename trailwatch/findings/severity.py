"""How urgent a finding is: impact × novelty × context, with each factor kept so that it can be shown."""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from trailwatch.finding import SEVERITIES, rank

# With novelty 1 and no context, a detection lands in the band that its file names.
IMPACT = {"info": 0.5, "low": 1.5, "medium": 3.0, "high": 6.0, "critical": 10.0}
BANDS = (("critical", 8.0), ("high", 5.0), ("medium", 2.5), ("low", 1.0))

RAISE, LOWER = 1.25, 0.5
LEAST_NOVEL, MOST_NOVEL = 0.25, 1.5


def band(product: float) -> str:
    """Return the severity that a product of impact, novelty and context stands for."""
    return next((name for name, floor in BANDS if product >= floor), "info")


def weigh(
    default: str, *, novelty: float = 1.0, context: Mapping[str, float] | None = None
) -> tuple[str, dict[str, float]]:
    """Return the severity and its parts; never more than one band above the default, critical stays critical."""
    parts = {"impact": IMPACT[default], "novelty": round(min(max(novelty, LEAST_NOVEL), MOST_NOVEL), 2)}
    parts |= dict(context or {})
    product = prod(parts.values())
    parts["product"] = round(product, 2)
    if default == "critical":
        return "critical", parts
    highest = SEVERITIES[min(rank(default) + 1, rank("critical"))]
    return min(band(product), highest, key=rank), parts


def raised(severity: str) -> str:
    """Return the next severity up; critical stays."""
    return SEVERITIES[min(rank(severity) + 1, len(SEVERITIES) - 1)]
