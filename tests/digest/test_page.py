"""The whole page in a browser, every text of it an attack: four looks, the keyboard, a screen reader's rules, paper."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from charts.materials import EVIL, material, session
from digest.test_browser import ATTACK, CONTRAST, LONG, _holds

from trailwatch.charts.material import Use
from trailwatch.digest.album import compose, named
from trailwatch.digest.html import html
from trailwatch.digest.page import Digest
from trailwatch.finding import Top

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser
SEEN = os.environ.get("TRAILWATCH_SCREENSHOTS", "")


_MADE: list[str] = []  # the page takes longer to draw than to read


def _hostile(story: Digest) -> str:
    if _MADE:
        return _MADE[0]
    findings = tuple(
        replace(one, title=f"{number} {ATTACK}", why=ATTACK, next=ATTACK, principal=f"111122223333/role/{LONG}",
                person=f"{one.person}{ATTACK}", targets=(Top(ATTACK, 2), Top(LONG, 1)), credential=ATTACK, event_ids=(ATTACK, LONG),
                evidence={"value": ATTACK, "new": ATTACK})
        for number, one in enumerate(story.findings)
    )  # fmt: skip
    evil = replace(story, findings=findings, names={"111122223333": ATTACK})
    drawn = {
        name: material(name=name, zone="Asia/Kolkata", uses=(Use("client", EVIL, story.date, (story.date,)),),
                       sessions=(session(EVIL, principal=f"1/role/{LONG}", name=ATTACK, kind=ATTACK),))
        for _, name in named(evil)
    }  # fmt: skip
    _MADE.append(html(evil, album=compose(evil, drawn)))
    return _MADE[0]


@pytest.fixture
def page(browser, story, tmp_path: Path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    shown: Any = context.new_page()
    shown.said, shown.asked = [], []
    shown.on("console", lambda message: shown.said.append(message.text))
    shown.on("pageerror", lambda error: shown.said.append(str(error)))
    shown.on("dialog", lambda dialog: (shown.said.append(dialog.message), dialog.dismiss()))
    shown.on("request", lambda request: shown.asked.append(request.url))
    (tmp_path / "page.html").write_text(_hostile(story), encoding="utf-8")
    shown.goto((tmp_path / "page.html").as_uri())
    yield shown
    context.close()


def test_the_whole_page_holds_in_every_look(page) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.evaluate("document.querySelectorAll('details').forEach(one => one.open = true)")
    for width, scheme in ((1280, "light"), (400, "light"), (400, "dark"), (1280, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        _holds(page)
        if SEEN:
            page.screenshot(path=str(Path(SEEN) / f"whole-{width}-{scheme}.png"), full_page=True)
        if (width, scheme) in ((400, "light"), (1280, "dark")):
            assert page.evaluate(CONTRAST) == []
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["impact"], one["nodes"][0]["html"][:90]) for one in found] == []
    assert page.title().startswith("trailwatch")
    assert page.locator("svg image, svg script, svg foreignObject, svg style, svg a").count() == 0


def test_charts_are_seen_in_both_places(page) -> None:
    boxes = page.locator("svg").evaluate_all(
        "all => all.map(one => one.getBoundingClientRect()).map(b => [b.width, b.height])"
    )
    assert len(boxes) > 4
    assert all(width > 150 and height > 20 for width, height in boxes)
    again = page.locator("svg use").first
    assert again.evaluate("one => one.getBoundingClientRect().width") > 150, "the second place shows the drawing itself"
    fills = page.locator("svg path").evaluate_all("all => [...new Set(all.map(one => getComputedStyle(one).fill))]")
    assert "rgb(95, 138, 187)" in fills, "colours come from the style of the page"
    named_by = page.locator("svg[role=img]").first.get_attribute("aria-labelledby")
    assert "Calls a day" in page.locator(f"#{named_by}").inner_text()


def test_the_keyboard_reaches_findings_and_identities(page) -> None:
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('nav') !== null"), "the contents come first"
    reached = []
    for _ in range(12):
        reached.append(
            page.evaluate("document.activeElement.tagName + (document.activeElement.getAttribute('href') || '')")
        )
        page.keyboard.press("Tab")
    assert any(one.startswith("A#f-") for one in reached)
    assert "SUMMARY" in reached
    link = page.locator('article a[href^="#w-"]').first
    link.focus()
    page.keyboard.press("Enter")
    target = page.url.partition("#")[2]
    assert page.locator(f"[id='{target}']").evaluate("one => one.getBoundingClientRect().top < innerHeight")


def test_paper_shows_what_is_folded_on_a_screen(page) -> None:
    assert not page.locator("article dl").first.is_visible()
    page.emulate_media(media="print")
    assert page.locator("article dl").first.is_visible()
    assert not page.locator("summary").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    if SEEN:
        page.pdf(path=str(Path(SEEN) / "whole.pdf"))
