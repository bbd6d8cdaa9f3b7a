"""The archive: what is made again and what is not, every link a file, and pages that hold in a browser."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from digest.test_browser import ATTACK, CONTRAST
from news import EVIL, FIRST, MONDAY, TUESDAY, news, tell

from trailwatch.digest import site as sites
from trailwatch.digest.site import site
from trailwatch.errors import ConfigError
from trailwatch.store.tables import Store

SEEN = os.environ.get("TRAILWATCH_SCREENSHOTS", "")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template") / "store"
    made = Store.open(str(folder), create=True)
    tell(made, MONDAY, *FIRST, news(40, person=f"eve {EVIL} {ATTACK}", severity="critical"))
    tell(
        made,
        TUESDAY,
        news(2, severity="high", status="ongoing"),
        news(41, person="", principal="111122223333/role/x/../../y"),
    )
    return folder


@pytest.fixture
def store(tmp_path: Path, template: Path) -> Store:
    return Store.open(str(shutil.copytree(template, tmp_path / "store")))


def _links(folder: Path) -> set[tuple[str, str]]:
    return {
        (page.relative_to(folder).as_posix(), target)
        for page in folder.rglob("*.html")
        for target in re.findall(r'href="([^"]+)"', page.read_text(encoding="utf-8"))
    }


def test_every_day_and_every_identity_has_a_page_and_every_link_leads_to_a_place(store, tmp_path) -> None:
    folder = tmp_path / "site"
    done = site(store, str(folder))
    assert done.text() == f"{folder}: 2 of 2 days written"
    pages = {page.relative_to(folder).as_posix() for page in folder.rglob("*.html")}
    assert {"index.html", "2026-01-05.html", "2026-01-06.html"} <= pages
    assert sum(page.startswith("identities/") for page in pages) == 3
    assert all(re.fullmatch(r"(?:identities/[0-9a-f]{12}|index|\d{4}-\d\d-\d\d)\.html", page) for page in pages), (
        "no name of a log"
    )
    for page, target in _links(folder):
        path, _, anchor = target.partition("#")
        there = (folder / page).parent / path if path else folder / page
        assert there.resolve().is_relative_to(folder.resolve())
        assert there.is_file(), (page, target)
        assert not anchor or f'id="{anchor}"' in there.read_text(encoding="utf-8"), (page, target)
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.rglob("*"))
    assert not list(folder.rglob(".*")), "nothing half written stays"


def test_an_identity_has_its_findings_of_all_days(store, tmp_path) -> None:
    site(store, str(tmp_path / "site"))
    (alice,) = [page for page in (tmp_path / "site/identities").iterdir() if "<h1>alice</h1>" in page.read_text()]
    text = alice.read_text()
    assert "../2026-01-06.html#f-000000000002" in text, "as the newest day tells it"
    assert "ongoing, 2026-01-06, first on 2026-01-05" in text
    assert "../2026-01-05.html#f-000000000001" in text
    assert "000000000007" not in text, "what is suppressed is on no page of its own"


def test_only_what_changed_is_written_again(store, tmp_path, monkeypatch) -> None:
    folder = tmp_path / "site"
    site(store, str(folder))
    assert site(store, str(folder)).written == ()
    tell(store, TUESDAY, news(50))
    assert site(store, str(folder)).written == (TUESDAY,)
    (folder / "2026-01-05.html").unlink()
    assert site(store, str(folder)).written == (MONDAY,)
    (folder / "made.json").write_text("[broken")
    assert len(site(store, str(folder)).written) == 2
    monkeypatch.setattr(sites, "FORM", 99)
    assert len(site(store, str(folder)).written) == 2
    assert set(json.loads((folder / "made.json").read_text())) == {"2026-01-05", "2026-01-06"}


def test_a_long_past_is_caught_up_with_run_by_run_the_newest_first(store, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sites, "MOST_DAYS", 1)
    first = site(store, str(tmp_path / "site"))
    assert (first.written, first.left) == ((TUESDAY,), 1)
    index = (tmp_path / "site/index.html").read_text()
    assert 'href="2026-01-06.html"' in index
    assert 'href="2026-01-05.html"' not in index, "no link to a page that is not there yet"
    assert "2026-01-05" in index
    assert site(store, str(tmp_path / "site")).written == (MONDAY,)


def test_a_file_in_place_of_the_folder_is_told(store, tmp_path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(ConfigError, match="no folder for pages"):
        site(store, str(tmp_path / "file"))


@pytest.mark.browser
def test_index_and_identities_hold_in_a_browser(browser, store, tmp_path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    tell(store, MONDAY - timedelta(days=40), *(replace(one, last_time=one.first_time) for one in FIRST), complete=False)
    site(store, str(tmp_path / "site"))
    (evil,) = [page for page in (tmp_path / "site/identities").iterdir() if "<h1>eve" in page.read_text()]
    page = browser.new_context().new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
    for file in (tmp_path / "site/index.html", evil):
        page.goto(file.as_uri())
        for width, scheme in ((1000, "light"), (400, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), (
                file,
                width,
            )
            assert page.evaluate(CONTRAST) == []
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:90]) for one in found] == []
            if SEEN:
                page.screenshot(path=str(Path(SEEN) / f"site-{file.stem[:5]}-{width}-{scheme}.png"), full_page=True)
    assert said == []
    page.goto((tmp_path / "site/index.html").as_uri())
    assert page.locator("svg#trend").is_visible()
    page.locator("table a").first.click()
    assert page.url.endswith("2026-01-06.html")
    page.context.close()
    assert date(2026, 1, 6) == TUESDAY
