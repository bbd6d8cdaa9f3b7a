"""The page in a real browser: two widths, light and dark, nothing runs, nothing sticks out."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from digest.reports import FINDINGS, page

from trailwatch.digest.page import Digest
from trailwatch.digest.practice_page import PracticeReport, practice_report
from trailwatch.finding import Top

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
SEEN = os.environ.get("TRAILWATCH_SCREENSHOTS", "")  # a folder, for whoever wants to look
ATTACK = ('<script>document.title="owned"</script><img src=x onerror="document.title=\'owned\'">" onload="alert(1)" '
          "javascript:alert(1) </style><style>body{display:none}</style> `<b>code</b>` ${7*7} {{7*7}}")  # fmt: skip
LONG = "arn:aws:iam::111122223333:role/" + "a" * 300


@pytest.fixture
def show(browser: Browser, tmp_path: Path) -> Iterator[Any]:
    """Open a digest in a window of its own; whatever the page says or asks for is kept."""
    opened: list[Any] = []

    def run(
        digest: Digest | PracticeReport, *, width: int = 1280, scheme: str = "light", name: str = "page", **options: Any
    ) -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        opened.append(context)
        page = context.new_page()
        page.said, page.asked = [], []
        page.on("console", lambda message: page.said.append(message.text))
        page.on("pageerror", lambda error: page.said.append(str(error)))
        page.on("dialog", lambda dialog: (page.said.append(dialog.message), dialog.dismiss()))
        page.on("request", lambda request: page.asked.append(request.url))
        file = tmp_path / f"{name}.html"
        file.write_text(digest.render("html", **options), encoding="utf-8")
        page.goto(file.as_uri())
        if SEEN:
            page.screenshot(path=str(Path(SEEN) / f"{name}-{width}-{scheme}.png"), full_page=True)
        return page

    yield run
    for context in opened:
        context.close()


@pytest.fixture
def hostile(story: Digest) -> Digest:
    """A digest whose every text from the logs is an attack on the page."""
    findings = tuple(
        replace(one, title=f"{number} {ATTACK}", why=ATTACK, next=ATTACK, principal=f"111122223333/role/{LONG}", person=ATTACK,
                targets=(Top(ATTACK, 2), Top(LONG, 1)), addresses=(Top(ATTACK, 1),), clients=(Top(ATTACK, 1),),
                credential=ATTACK, event_ids=(ATTACK, LONG), evidence={"value": ATTACK, "new": ATTACK, "policy": LONG})
        for number, one in enumerate(story.findings)
    )  # fmt: skip
    incidents = tuple(
        replace(one, title=ATTACK, timeline=tuple({**moment, "title": ATTACK} for moment in one.timeline))
        for one in story.incidents
    )
    return replace(story, findings=findings, incidents=incidents, names={"111122223333": ATTACK})


def _holds(page: Page) -> None:
    """Check what holds of every page."""
    assert page.said == []
    assert len(page.asked) == 1, "the page loads itself and nothing else"
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
        "sideways scroll"
    )
    assert page.locator("script, img, iframe, object, form, link").count() == 0
    policy = page.locator('meta[http-equiv="Content-Security-Policy"]').get_attribute("content") or ""
    assert policy.startswith("default-src 'none'")
    levels = page.locator("h1, h2, h3, h4").evaluate_all("all => all.map(one => Number(one.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels
    # Text that is cut at the edge of its own box is a sideways scroll that nobody can make.
    cut = page.evaluate(
        "[...document.querySelectorAll('body *:not(svg *)')].filter(one => one.scrollWidth > one.clientWidth + 1 && one.clientWidth"
        " && getComputedStyle(one).display !== 'inline').map(one => one.outerHTML.slice(0, 120))"
    )
    assert cut == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("day", ["story", "quiet_day", "blind_day", "hostile"])
def test_a_page_fits_and_is_silent(show, request, day, width, scheme) -> None:
    page = show(request.getfixturevalue(day), width=width, scheme=scheme, name=day)
    _holds(page)
    assert page.locator("h1").inner_text().startswith("trailwatch")
    assert page.locator("body").is_visible()


@pytest.fixture
def practised() -> PracticeReport:
    """A practice report with findings from both sides, one of them an attack on the page."""
    evil = replace(FINDINGS[0], title=ATTACK, person=ATTACK, next=ATTACK, principal=f"111122223333/role/{LONG}")
    return practice_report(page(findings=(evil, *FINDINGS[1:])))


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
@pytest.mark.parametrize("by", ["practice", "cis"])
def test_the_practice_report_fits_and_is_silent(show, practised, by, width, scheme) -> None:
    shown = show(practised, width=width, scheme=scheme, name=f"practices-{by}", by=by)
    for folded in shown.locator("summary").all():
        folded.click()
    _holds(shown)
    assert shown.locator("article").count() == (18 if by == "practice" else 15)
    assert "<script>" in shown.locator("main").inner_text()
    assert shown.evaluate(CONTRAST) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [400, 1280])
def test_a_digest_with_practices_from_both_sides_fits(show, width, scheme) -> None:
    _holds(show(page(), width=width, scheme=scheme, name="both-sides"))


@pytest.mark.parametrize("width", [400, 1280])
def test_details_open_by_keyboard_and_still_fit(show, story, hostile, width) -> None:
    for digest, name in ((story, "opened"), (hostile, "hostile-opened")):
        page = show(digest, width=width, name=name)
        folded = page.locator("article details")
        assert folded.count() > 0
        assert not folded.first.locator("dl").is_visible()
        folded.first.locator("summary").focus()
        page.keyboard.press("Enter")
        assert folded.first.locator("dl").is_visible()
        for one in folded.all()[1:]:
            one.locator("summary").click()
        if SEEN:
            page.screenshot(path=str(Path(SEEN) / f"{name}-{width}.png"), full_page=True)
        _holds(page)


def test_a_step_of_an_incident_leads_to_its_finding(show, story) -> None:
    page = show(story)
    link = page.locator(".steps a").first
    target = link.get_attribute("href")
    link.click()
    assert page.url.endswith(target)
    assert page.locator(target.replace("#", "#")).count() == 1


def test_hostile_words_are_shown_and_do_nothing(show, hostile) -> None:
    page = show(hostile)
    assert page.title().startswith("trailwatch")
    assert (
        page.evaluate(
            "[...document.querySelectorAll('*')].flatMap(one => one.getAttributeNames()).filter(n => n.startsWith('on'))"
        )
        == []
    )
    assert page.locator("style").count() == 1
    assert page.locator("main b b, code b").count() == 0
    assert "<script>" in page.locator("main").inner_text()
    hrefs = page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert all(href.startswith("#") for href in hrefs)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("day", ["story", "quiet_day", "blind_day"])
def test_words_stand_out_from_what_is_behind_them(show, request, day, scheme) -> None:
    page = show(request.getfixturevalue(day), scheme=scheme)
    weak = page.evaluate(CONTRAST)
    assert weak == []


# WCAG's contrast of at least 4.5 to 1 between each text and the nearest opaque background.
CONTRAST = """() => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(v => v / 255).map(v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, place) => sum + v * [.2126, .7152, .0722][place], 0);
  const behind = one => { for (; one; one = one.parentElement) {
    const found = parse(getComputedStyle(one).backgroundColor); if (found.length < 4 || found[3] > 0) return found; }
    return [255, 255, 255]; };
  return [...document.querySelectorAll('body *')].filter(one => [...one.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
    .map(one => { const [a, b] = [light(parse(getComputedStyle(one).color)), light(behind(one))];
      return [one.outerHTML.slice(0, 90), (Math.max(a, b) + .05) / (Math.min(a, b) + .05)]; })
    .filter(([, ratio]) => ratio < 4.5);
}"""
