"""Four forms of one page: short lines, escaped values, nothing from outside."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import msgspec
import pytest

from trailwatch.digest.basis import gaps
from trailwatch.digest.coverage import Unable
from trailwatch.digest.page import Digest
from trailwatch.errors import ConfigError


class Page(HTMLParser):
    """Every tag and attribute of a page, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.words, self.open = [], [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data) -> None:
        self.words.append(data)


def test_text_stays_within_a_hundred_columns_and_free_of_control_characters(story) -> None:
    text = story.render("text")
    assert max(map(len, text.splitlines())) <= 100
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", text)
    assert "\x1b[1;37;41mCRITICAL" in story.render("text", color=True)


def test_coverage_comes_first_then_stories_then_findings_then_practices(story) -> None:
    text = story.render("text")
    order = ["Logs ", "Missing ", "INCIDENTS", "FINDINGS", "PRACTICES", "NOT SEEN TODAY", "ENDED", "SUPPRESSED"]
    places = [text.index(word) for word in order]
    assert places == sorted(places)
    assert text.index("stopped the trail", places[3]) < text.index("gave AdministratorAccess", places[3])


def test_times_name_their_zone_and_the_persons_own(story) -> None:
    assert "02:31 to 02:33 UTC (03:31 to 03:33 Europe/Berlin), 3 events" in story.render("text")


def test_what_is_missing_is_said(story) -> None:
    text = story.render("text")
    for words in ("2 log files could not be read (truncated gzip)", "Silence in dev: eu-west-1 (active on 9 of 10",
                  "Detection odd failed: Binder Error", "Not evaluated, no networks are declared: off-network"):  # fmt: skip
        assert words in text


def test_reasons_that_differ_in_the_service_alone_are_one_line(quiet_day) -> None:
    unable = [
        Unable(name, f"no data events of {service} are in these logs")
        for name, service in (("read", "s3"), ("blocks", "ebs"), ("tables", "dynamodb"), ("deleted", "s3"))
    ]
    coverage = replace(quiet_day.coverage, unable=(Unable("off", "no networks are declared"), *unable))
    lines = [line for line in gaps(replace(quiet_day, coverage=coverage)) if line.startswith("Not evaluated")]
    assert lines == [
        "Not evaluated, no networks are declared: off.",
        "Not evaluated, no data events of dynamodb, ebs and s3 are in these logs: read, deleted, blocks and 1 more.",
    ]


def test_a_quiet_day_is_short_and_says_on_how_much(quiet_day) -> None:
    text = quiet_day.render("text")
    assert text.splitlines()[1] == "Quiet: nothing to report in 214,331 events."
    assert "compared with 74 days" in text
    assert len(text.splitlines()) < 16


def test_no_data_never_looks_like_no_findings(blind_day, quiet_day) -> None:
    assert "No data. Nothing can be said about this day." in blind_day.render("text")
    assert "Quiet" not in blind_day.render("text")
    assert {state.state for state in blind_day.practices} == {"not evaluated"}
    assert blind_day.has_gaps
    assert not quiet_day.has_gaps


def test_every_form_shows_every_finding(story) -> None:
    for form in ("text", "markdown", "html", "json"):
        page = story.render(form)
        assert all(word in page for word in ("org-trail", "backup-admin", "ci-legacy", "Failed sign-ins for 9 users"))


def test_the_page_runs_nothing_and_loads_nothing(story) -> None:
    page = Page(story.render("html"))
    assert page.open == []
    assert not {"script", "img", "link", "iframe", "object", "form", "svg"} & set(page.tags)
    assert not [name for _, name, _ in page.attributes if name.startswith("on") or name in {"src", "style"}]
    assert all(value.startswith("#") for _, name, value in page.attributes if name == "href")
    (policy,) = [
        value for tag, name, value in page.attributes if tag == "meta" and name == "content" and "default-src" in value
    ]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy
    assert any("<script>alert('x')</script>" in words for words in page.words)


def test_the_page_has_one_heading_of_the_first_level_and_names_for_its_parts(story) -> None:
    page = Page(story.render("html"))
    assert page.tags.count("h1") == 1
    assert ("html", "lang", "en") in page.attributes
    ids = [value for _, name, value in page.attributes if name == "id"]
    assert len(ids) == len(set(ids))
    targets = [value[1:] for _, name, value in page.attributes if name == "href"]
    assert targets
    assert set(targets) <= set(ids)


def test_nothing_in_markdown_becomes_a_tag_or_a_link(story) -> None:
    hostile = replace(story.findings[0], title="[click](https://evil.example) ![x](y) <b> `a` | cell")
    text = replace(story, findings=(hostile,)).render("markdown")
    assert r"\[click\](https&#58;//evil.example) \!\[x\](y) \<b\> \`a\` \| cell" in text
    assert not re.search(r"(?<!\\)<script", text)


def test_a_page_read_back_from_the_store_shows_the_same(story) -> None:
    again = msgspec.json.decode(msgspec.json.encode(story), type=Digest)
    for form in ("text", "markdown", "json"):
        assert again.render(form) == story.render(form)


def test_a_scan_names_its_source_and_has_no_practices(story) -> None:
    text = replace(story, source="s3://bucket/\x1b[2J", practices=(), quiet=()).render("text")
    assert text.startswith("trailwatch scan · s3://bucket/[2J\n")
    assert "PRACTICES" not in text


def test_an_unknown_form_is_refused(story) -> None:
    with pytest.raises(ConfigError, match="no form of a digest"):
        story.render("pdf")


def test_a_notebook_shows_the_page_in_a_frame_of_its_own(story) -> None:
    assert story._repr_html_().startswith("<iframe sandbox ")
    assert Page(story._repr_html_()).tags == ["iframe"]
