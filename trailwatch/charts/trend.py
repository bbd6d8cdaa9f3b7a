"""How much was found day by day: one row a severity, the larger the mark, the more findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import altair as alt

from trailwatch.charts.definitions import Drawn, iso, over, told
from trailwatch.charts.look import LIGHT, Look, dressed
from trailwatch.finding import SEVERITIES

WIDTH = 330
MOST_NUMBERED = 16  # days; with more the numbers would stand in each other


@dataclass(frozen=True)
class Count:
    """How many findings of a severity a day had."""

    day: date
    severity: str
    findings: int


def trend(counts: Iterable[Count], *, look: Look = LIGHT) -> Drawn:
    """Draw the findings of each day by severity; every mark says its number where there is room."""
    rows = [
        {"day": iso(one.day), "date": told(one.day), "severity": one.severity, "findings": one.findings}
        for one in counts
        if one.findings
    ]
    order = list(reversed(SEVERITIES))
    across = alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", grid=False, tickCount=4),
                   scale=alt.Scale(type="utc", padding=12))  # fmt: skip
    down = alt.Y("severity:N", title=None, sort=order, scale=alt.Scale(domain=order),
                 axis=alt.Axis(domain=False, ticks=False, grid=True))  # fmt: skip
    size = alt.Size("findings:Q", legend=None, scale=alt.Scale(range=[12, 320], domainMin=0))
    tips = ["date:N", "severity:N", "findings:Q"]
    base = over(rows)
    layers = [base.mark_point(shape="circle", filled=True, color=look.bar, opacity=1)
              .encode(x=across, y=down, size=size, tooltip=tips)]  # fmt: skip
    if len({row["day"] for row in rows}) <= MOST_NUMBERED:
        layers.append(base.mark_text(fontSize=10, color=look.ink, dy=-12).encode(x=across, y=down, text="findings:Q"))
    chart = alt.layer(*layers).properties(width=WIDTH, height=160, title="Findings a day by severity")
    drawn: Drawn = dressed(chart, look)
    return drawn
