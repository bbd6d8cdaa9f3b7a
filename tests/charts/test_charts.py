"""Each chart tells the day in question by place and shape, becomes plain SVG, and stays harmless whatever it shows."""

from __future__ import annotations

import re
from datetime import date
from xml.etree import ElementTree as ET

import pytest
from charts.materials import DAY, EVIL, START, material, session

from trailwatch.charts.definitions import CHARTS, draw, drawn
from trailwatch.charts.look import DARK, LIGHT
from trailwatch.charts.material import Day, Hour, Use, branches
from trailwatch.charts.shown import Charts
from trailwatch.charts.svg import svg
from trailwatch.charts.words import WORDS
from trailwatch.errors import ConfigError


@pytest.fixture(scope="module")
def svgs() -> dict[str, str]:
    return {name: svg(draw(name, material()), id=f"c-{name}").__html__() for name in CHARTS}


def test_every_chart_becomes_small_plain_svg(svgs) -> None:
    for name, text in svgs.items():
        root = ET.fromstring(text)  # noqa: S314 — our own
        assert {one.tag for one in root.iter()} <= {"svg", "g", "path", "line", "rect", "text"}
        assert not re.search(r'style=|href|class="mark|https?:|url\(|NaN|undefined', text), name
        assert len(text) < 12_000, name
        assert (root.get("role"), root.get("aria-labelledby")) == ("img", f"c-{name}-t")


def test_colours_are_those_of_the_page(svgs) -> None:
    for text in svgs.values():
        assert "var(--" in text
        assert not re.search(r'(?:fill|stroke)="#', text)


def test_the_day_in_question_has_a_mark_of_its_own_shape(svgs) -> None:
    # By shape: the same path for every bar, another one for the mark, and it is there once.
    assert svgs["activity"].count('fill="var(--mark)"') == 1
    assert svgs["week"].count('stroke="var(--mark)"') == 1
    assert svgs["first_seen"].count('fill="var(--mark)"') == 1
    without = material(
        days=(Day(START, 3),), hours=(Hour(9, 2),), uses=(Use("client", "x", date(2026, 1, 1), (START,)),)
    )
    for name in ("activity", "week", "first_seen"):
        assert "var(--mark)" not in svg(draw(name, without), id="c").__html__()


def test_marks_stand_out_from_the_page_in_both_themes() -> None:
    for look in (LIGHT, DARK):
        assert _contrast(look.bar, look.page) >= 3
        assert _contrast(look.mark, look.page) >= 3
        assert _contrast(look.soft, look.page) >= 4.5
        assert _contrast(look.ink, look.bar) >= 3, "the refused part stands in the bar"


def _contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_labels_from_logs_stay_words() -> None:
    evil = material(
        uses=(Use("client", EVIL, DAY, (DAY,)), Use("client", EVIL + "2", DAY, (DAY,))),
        sessions=(session(EVIL, principal=f"1/role/{EVIL}", kind=EVIL, name=EVIL),),
    )
    for name in ("first_seen", "sessions"):
        text = svg(draw(name, evil), id="c").__html__()
        root = ET.fromstring(text)  # noqa: S314 — our own
        assert {one.tag for one in root.iter()} <= {"svg", "g", "path", "line", "rect", "text"}
        assert 'evil.example/b"/>' not in text
    assert svg(draw("first_seen", evil), id="c").__html__().count("&lt;script&gt;") == 2, "each has a strip of its own"


def test_every_chart_is_told_in_words() -> None:
    told = {name: WORDS[name](material()) for name in CHARTS}
    assert told["activity"] == ("Calls a day, 1 Jul 2026 to 28 Jul 2026: 90 calls on this day, 11 of them refused; "
                                "usually 20 on each of 19 active days.")  # fmt: skip
    assert "hours of this day never used before: Tue 03:00" in told["week"]
    assert told["first_seen"] == "Networks and clients: network 203.0.113.0/24 since 28 Jul 2026; 2 known for longer."
    assert told["sessions"] == "Sessions of the day as a tree: 4, the longest chain has 3."


def test_a_tree_puts_sessions_under_what_made_them_and_ends() -> None:
    rows = branches(material().sessions)
    assert [(row.session.credential, row.depth, row.above) for row in rows] == [
        ("Other", 0, None), ("Admin", 0, None), ("Deploy", 1, 1), ("Prod", 2, 2)]  # fmt: skip
    assert branches([session("a", "b"), session("b", "a")]) == [], "a loop has no top"
    many = branches([session(f"s{number}", hour=number % 24) for number in range(40)], most=5)
    assert len(many) == 5
    assert many[-1].more == 35


def test_a_notebook_gets_them_interactive_and_in_its_theme() -> None:
    charts = Charts(material(), theme="dark")
    assert charts.names == list(CHARTS)
    shown = charts.all().to_dict()
    assert shown["config"]["background"] == DARK.page
    assert [one["name"] for one in shown["vconcat"][0]["layer"][0].get("params", shown["params"])]
    assert "application/vnd.vegalite.v6+json" in str(charts._repr_mimebundle_()) or "vegaEmbed" in str(
        charts._repr_mimebundle_()
    )
    empty = Charts(material(days=(), hours=(), uses=(), sessions=()))
    assert drawn(empty.material) == []
    assert empty._repr_mimebundle_() == {"text/plain": "Charts('alice@example.com', 2026-07-28: no activity)"}
    assert charts.words("activity").startswith("Calls a day")


def test_what_is_no_chart_and_no_theme_is_refused() -> None:
    with pytest.raises(ConfigError, match="no chart"):
        Charts(material()).draw("pie")
    with pytest.raises(ConfigError, match="no theme"):
        Charts(material(), theme="pink")
