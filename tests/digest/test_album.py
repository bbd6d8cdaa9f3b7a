"""Each identity of a page has a place, charts where it acted, and links that lead somewhere; and a large page stays small."""

from __future__ import annotations

import re
from dataclasses import replace

from charts.materials import EVIL, material

from trailwatch.charts.material import Day
from trailwatch.digest.album import MOST_DRAWN, Album, compose, identity_of, key_of, named
from trailwatch.digest.html import html
from trailwatch.digest.page import Digest

_MADE: dict[int, Album] = {}  # charts take longer to draw than to look at


def _album(digest: Digest, **change) -> Album:
    return compose(digest, {name: material(name=name, **change) for _, name in named(digest)})


def _shared(story: Digest) -> Album:
    if not _MADE:
        _MADE[0] = _album(story)
    return _MADE[0]


def _many(story: Digest, count: int, names: int, **change) -> Digest:
    findings = tuple(
        replace(story.findings[place % 4], **change, id=f"x{place}", person=f"user-{place % names}@example.com", suppressed_by="",
                event_ids=tuple(f"{place:08x}-aaaa-bbbb-cccc-{event:012x}" for event in range(40)), count=40)
        for place in range(count)
    )  # fmt: skip
    return replace(story, findings=findings, incidents=())


def test_every_identity_has_a_place_and_every_link_leads_to_one(story) -> None:
    page = html(story, album=_shared(story))
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    targets = set(re.findall(r'href="#([^"]+)"', page))
    assert targets <= set(ids)
    keys = {key_of(identity_of(one)[1]) for one in story.happening}
    assert {f"w-{key}" for key in keys} <= targets & set(ids)


def test_charts_stand_with_whoever_acted_and_the_gravest_finding_shows_the_activity(story) -> None:
    album = _shared(story)
    bob = next(one for one in album.portraits if one.name == "bob@example.com")
    assert [one.name for one in bob.drawings] == ["activity", "week", "first_seen", "sessions"]
    root = next(one for one in album.portraits if one.name.endswith("/root"))
    assert not root.drawings, "a low finding has words only"
    assert root.words[0].startswith("Calls a day")
    assert [bool(album.sign(one)) for one in bob.findings] == [True, False, False]
    page = html(story, album=album)
    assert page.count("<use href=") == 2
    assert page.count('role="img"') == 2 + sum(len(one.drawings) for one in album.portraits)


def test_a_page_of_200_findings_is_small_and_draws_a_few_charts_only(story) -> None:
    many = _many(story, 200, 70)
    page = html(many, album=_album(many))
    assert len(page.encode()) < 2_000_000
    assert page.count("<figcaption") == 4 * MOST_DRAWN
    assert page.count('class="card" id="w-') == 70


def test_identities_beyond_the_room_of_a_page_are_counted(story) -> None:
    many = _many(story, 200, 150, severity="low")
    assert "30 more identities without a place here." in html(many, album=_album(many))


def test_a_name_from_a_log_is_no_link_no_tag_and_no_command(story) -> None:
    name = "$(touch /tmp/x); `id` ' " + EVIL
    evil = replace(story, findings=tuple(replace(one, person=name) for one in story.findings))
    page = html(evil, album=_album(evil))
    assert key_of(name) in page
    assert "<script" not in page
    assert "<image" not in page
    assert re.search(r"trailwatch show &#39;\$\(touch /tmp/x\); `id` &#39;&#34;&#39;&#34;&#39;", page), (
        "quoted for a shell"
    )


def test_who_did_nothing_is_named_without_charts(story) -> None:
    quiet = {name: material(name=name, days=(), hours=(), uses=(), sessions=()) for _, name in named(story)}
    page = html(story, album=compose(story, quiet))
    assert "<figure" not in page
    assert 'id="identities"' in page
    one_day = compose(
        story, {name: material(name=name, days=(Day(story.date, 1),), hours=()) for _, name in named(story)}
    )
    assert all(drawing.name != "week" for one in one_day.portraits for drawing in one.drawings)
