"""Each story breaks exactly the practices that it lists, and an organisation without one breaks none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from stories import telling

from trailwatch.practices import CODES, PRACTICES
from trailwatch.simulate.story import Chapter
from trailwatch.simulate.world import CHAPTERS

# The first test waits for the clean organisation. Story by story is a campaign:
#     pytest -m campaign -n 2 tests/stories/test_practices.py
pytestmark = pytest.mark.timeout(1500)
SEED = int(os.environ.get("TRAILWATCH_STORY_SEED", "7"))
TOLD = [chapter for chapter in CHAPTERS if chapter.kind in {"attack", "neglect"}]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> telling.Clean:
    return telling.clean(tmp_path_factory.mktemp("clean"), seed=SEED)


@pytest.mark.campaign
@pytest.mark.parametrize("chapter", TOLD, ids=lambda chapter: chapter.id)
def test_a_story_breaks_exactly_the_practices_that_it_lists(
    base: telling.Clean, tmp_path: Path, chapter: Chapter
) -> None:
    broken = telling.broken(telling.tell(base, tmp_path, chapter, seed=SEED))
    unlisted = {code: findings for code, findings in broken.items() if code not in chapter.practices}
    assert unlisted == {}
    assert sorted(chapter.practices) == sorted(broken)


def test_the_neglects_together_break_exactly_what_they_list(base: telling.Clean, tmp_path: Path) -> None:
    neglects = [chapter for chapter in TOLD if chapter.kind == "neglect"]
    broken = telling.broken(telling.tell(base, tmp_path, *neglects, seed=SEED))
    assert sorted(broken) == sorted({code for chapter in neglects for code in chapter.practices})


def test_an_organisation_without_a_story_holds_every_practice(base: telling.Clean, tmp_path: Path) -> None:
    (digest,) = telling.tell(base, tmp_path, seed=SEED)
    assert telling.broken([digest]) == {}
    assert [practice.number for practice in digest.practices] == [practice.number for practice in PRACTICES]


def test_every_practice_is_broken_by_some_story() -> None:
    assert {code for chapter in TOLD for code in chapter.practices} == CODES
