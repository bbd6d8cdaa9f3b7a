"""Colours and type of the charts; on a page each colour is a variable of its style, so that they follow light and dark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

WIDTH = 300


@dataclass(frozen=True)
class Look:
    """The colours of one theme."""

    page: str
    ink: str
    soft: str
    line: str
    bar: str
    mark: str


LIGHT = Look(page="#ffffff", ink="#1d1d1f", soft="#5b5b62", line="#dddad3", bar="#5f8abb", mark="#b3400c")
DARK = Look(page="#1f2125", ink="#ececee", soft="#a6a8af", line="#35373d", bar="#5d84b0", mark="#ff9f6b")
LOOKS = {"light": LIGHT, "dark": DARK}


def dressed(chart: Any, look: Look) -> Any:
    """Return a chart with the type and the lines that all of them share."""
    return (
        chart.configure(background=look.page, padding=4, font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_title(anchor="start", fontSize=12, fontWeight="normal", color=look.soft, offset=8)
        .configure_axis(
            labelColor=look.soft, titleColor=look.soft, domainColor=look.line, tickColor=look.line,
            gridColor=look.line, labelFontSize=11, titleFontSize=11, titleFontWeight="normal", labelLimit=130,
        )
    )  # fmt: skip
