"""The four charts. What they tell is in place, size, shape and words; colour only repeats it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any, cast

import altair as alt

from trailwatch.charts.look import LIGHT, WIDTH, Look, dressed
from trailwatch.charts.material import Material, branches
from trailwatch.findings.titles import plain

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
Drawn = alt.LayerChart | alt.FacetChart
LABELS = 128
NAMES = {"address": "network", "client": "client"}


def activity(material: Material, *, look: Look = LIGHT) -> Drawn:
    """Draw calls a day, with those that were refused as its foot, and the day in question under a mark."""
    rows = [
        {
            "day": iso(one.day),
            "date": told(one.day),
            "calls": one.events,
            "refused": one.refused,
            "unmarked": one.day != material.day,
        }
        for one in material.days
    ]
    axis = alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", grid=False, tickCount=4),
                 scale=alt.Scale(domain=[iso(material.start), iso(material.day)], padding=6, type="utc"))  # fmt: skip
    tips = ["date:N", "calls:Q", "refused:Q"]
    top = max((one.events for one in material.days), default=1)
    height = alt.Y("calls:Q", title=None, axis=alt.Axis(tickCount=3, format="~s"),
                   scale=alt.Scale(domain=[0, top * 1.25]))  # fmt: skip
    base = over(rows)
    marked = over([row for row in rows if not row["unmarked"]])
    size = max(2, int(WIDTH / max((material.day - material.start).days + 1, 1)) - 1)
    chart = alt.layer(
        base.mark_bar(color=look.bar, width=size).encode(x=axis, y=height, tooltip=tips),
        base.mark_bar(color=look.ink, width=size).encode(x=axis, y="refused:Q", tooltip=tips),
        marked.mark_point(shape="triangle-down", filled=True, size=70, yOffset=-8, color=look.mark, opacity=1)
        .encode(x=axis, y=height, tooltip=tips),
    ).properties(width=WIDTH, height=90, title="Calls a day; foot of a bar: refused; ▼ this day")  # fmt: skip
    return chart.interactive(bind_y=False)


def week(material: Material, *, look: Look = LIGHT) -> Drawn:
    """Draw at which hours of the week somebody is there: the larger the square, the more often; rings are this day's."""
    rows = [
        {"weekday": WEEKDAYS[one.slot // 24], "hour": one.slot % 24, "days": one.days, "marked": one.marked}
        for one in material.hours
    ]
    across = alt.X("hour:Q", title=None, scale=alt.Scale(domain=[-0.5, 23.5], nice=False),
                   axis=alt.Axis(values=[0, 6, 12, 18, 23], grid=False))  # fmt: skip
    down = alt.Y("weekday:N", title=None, sort=list(WEEKDAYS), scale=alt.Scale(domain=list(WEEKDAYS)),
                 axis=alt.Axis(domain=False, ticks=False))  # fmt: skip
    tips = ["weekday:N", "hour:Q", "days:Q", "marked:N"]
    size = alt.Size("days:Q", legend=None, scale=alt.Scale(range=[8, 110], domainMin=0))
    return alt.layer(
        over(rows).mark_point(shape="square", filled=True, color=look.bar, opacity=1)
        .encode(x=across, y=down, size=size, tooltip=tips),
        over([row for row in rows if row["marked"]])
        .mark_point(shape="circle", filled=False, color=look.mark, size=130, strokeWidth=1.6, opacity=1)
        .encode(x=across, y=down, tooltip=tips),
    ).properties(width=WIDTH, height=112,
                 title=f"Hours of the week ({material.zone}); ○ this day")  # fmt: skip


def first_seen(material: Material, *, look: Look = LIGHT) -> Drawn:
    """Draw each network and client as a strip of the days on which it was used; a diamond is its first day ever."""
    rows: list[dict[str, Any]] = []
    firsts: list[dict[str, Any]] = []
    order: list[str] = []
    for one in material.uses:
        label = plain(one.value, longest=22)
        # Two long names may begin alike, and each has a strip of its own.
        label = f"{label[:19]} ({len(order)})" if label in order else label
        order.append(label)
        rows += [{"what": label, "day": iso(day), "date": told(day)} for day in one.days]
        if one.first >= material.start:
            firsts.append({"what": label, "day": iso(one.first), "date": f"first use {told(one.first)}"})
    across = alt.X("day:T", title=None, axis=alt.Axis(format="%-d %b", grid=False, tickCount=3),
                   scale=alt.Scale(domain=[iso(material.start), iso(material.day)], padding=6, type="utc"))  # fmt: skip
    # A fixed room for the labels: the reader's font may be wider than the one that was measured.
    down = alt.Y(
        "what:N",
        title=None,
        sort=order,
        axis=alt.Axis(
            domain=False,
            ticks=False,
            grid=True,
            minExtent=LABELS,
            maxExtent=LABELS,
            labelAlign="left",
            labelPadding=LABELS,
        ),
    )
    tips = ["what:N", "date:N"]
    return alt.layer(
        over(rows).mark_tick(color=look.bar, thickness=3, size=11, opacity=1)
        .encode(x=across, y=down, tooltip=tips),
        over(firsts).mark_point(shape="diamond", filled=True, size=80, color=look.mark, opacity=1)
        .encode(x=across, y=down, tooltip=tips),
    ).properties(width=WIDTH - LABELS + 24, height=max(18 * len(order), 18),
                 title="Networks and clients; ◆ first use ever")  # fmt: skip


def sessions(material: Material, *, look: Look = LIGHT) -> Drawn:
    """Draw which temporary credential was made with which: one row each, further right is further down the chain."""
    rows: list[dict[str, Any]] = []
    links: list[dict[str, Any]] = []
    for one in branches(material.sessions):
        session = one.session
        more = f" +{one.more} more" if one.more else ""
        label = f"{_called(session.principal)} {session.first.astimezone(UTC):%H:%M} · {session.events}×{more}"
        rows.append({"depth": one.depth, "row": one.row, "label": label, "kind": plain(session.kind), "credential": plain(session.credential, longest=60),
                     "name": plain(session.name, longest=60), "first": _moment(session.first),
                     "last": _moment(session.last), "calls": session.events})  # fmt: skip
        if one.above is not None:
            links.append({"depth": one.depth - 1, "right": one.depth, "row": one.above, "down": one.row})
    deepest = max((int(row["depth"]) for row in rows), default=0)
    across = alt.X("depth:Q", axis=None, scale=alt.Scale(domain=[0, max(deepest, 3) * 2 + 9], nice=False))
    down = alt.Y("row:Q", axis=None, scale=alt.Scale(domain=[len(rows) - 0.5, -0.5], nice=False))
    tips = ["label:N", "kind:N", "credential:N", "name:N", "first:N", "last:N", "calls:Q"]
    base, lines = over(rows), over(links)
    return alt.layer(
        lines.mark_rule(color=look.soft).encode(x=across, y=down, y2="down:Q"),
        lines.mark_rule(color=look.soft).encode(x=across, x2="right:Q", y=alt.Y("down:Q", axis=None)),
        base.mark_point(shape="circle", filled=True, size=45, color=look.bar, opacity=1)
        .encode(x=across, y=down, tooltip=tips),
        base.mark_text(align="left", dx=8, fontSize=11, color=look.ink)
        .encode(x=across, y=down, text="label:N", tooltip=tips),
    ).properties(width=WIDTH + 20, height=max(18 * len(rows), 18), title="Sessions by what made them (UTC, calls)")  # fmt: skip


CHARTS = {"activity": activity, "week": week, "first_seen": first_seen, "sessions": sessions}
"""Every chart by its name, in the order in which they are shown."""


def draw(name: str, material: Material, *, look: Look = LIGHT) -> Drawn:
    """Return one chart, dressed, as it stands by itself."""
    return cast(Drawn, dressed(CHARTS[name](material, look=look), look))


def drawn(material: Material) -> list[str]:
    """Return the names of those charts that have something to show."""
    has = {
        "activity": material.days,
        "week": material.hours,
        "first_seen": material.uses,
        "sessions": material.sessions,
    }
    return [name for name in CHARTS if has[name]]


def over(rows: list[dict[str, Any]]) -> alt.Chart:
    """Return a chart over rows of its own."""
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]  # altair has no types here


def _called(principal: str) -> str:
    name = plain(principal, longest=200).rpartition("/")[2].removeprefix("AWSReservedSSO_")
    return name if len(name) <= 26 else name[:25] + "…"


def iso(day: date) -> str:
    """Return a day as charts take it."""
    return f"{day.isoformat()}T00:00:00Z"


def told(day: date) -> str:
    """Return a day in words."""
    # As words: a browser would show a moment in its own zone, and then it may be another day.
    return f"{day:%a} {day.day} {day:%b %Y}"


def _moment(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
