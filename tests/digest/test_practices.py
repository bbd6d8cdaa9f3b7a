"""Each practice from two sides: broken by evidence, held by evidence, and otherwise not evaluated, with what is missing."""

from __future__ import annotations

import dataclasses
import json
import re
from importlib import resources

import jsonschema
import msgspec
import pytest
from digest.reports import BARE, DAY, DEV, FINDINGS, PROD, RULES, WEEK_AGO, answers, coverage, finding, page, rule

from trailwatch.digest.page import Digest
from trailwatch.digest.practice_page import PracticeReport, practice_report
from trailwatch.errors import ConfigError
from trailwatch.practices import CODES, CONTROLS, PRACTICES

EVIL = "<script>alert('x')</script> [a](https://evil.example) `b` |\x1b[2J\u202e"


def states(digest: Digest) -> dict:
    return {one.code: one for one in digest.practices}


def test_all_eighteen_and_all_fifteen_are_told_in_order() -> None:
    digest = page()
    assert [one.code for one in digest.practices] == [one.code for one in PRACTICES]
    assert len(CODES) == 18
    assert [one.number for one in digest.controls] == [f"4.{number}" for number in range(1, 16)]
    assert len(CONTROLS) == 15


def test_a_practice_is_broken_by_either_side_with_who_since_and_what_to_do() -> None:
    one = states(page())["managed-policies"]
    assert (one.state, one.activity.state, one.posture.state) == ("broken", "broken", "broken")
    assert one.findings == ("p2", "a1", "p1"), "most urgent first"
    assert (one.activity.findings, one.posture.findings) == (("a1",), ("p2", "p1"))
    assert (one.count, one.before, str(one.since)) == (3, 1, "2026-01-02")
    assert set(one.identities) == {"alice", "bob", "role deploy"}
    assert one.next[0] == "Do something about p2."


def test_held_takes_evidence_from_every_side_that_can_show_it() -> None:
    both = page(findings=(), posture=answers(PROD, DEV, BARE), before=None)
    assert states(both)["rotation"].state == "held"
    assert "1 check of the exports found nothing" in states(both)["rotation"].because
    some = states(page(findings=()))["rotation"]
    assert (some.state, some.activity.state) == ("not evaluated", "held")
    assert some.posture.because == "no export of credential-report in bare"
    none = states(page(findings=(), posture=None))["rotation"]
    assert (none.state, none.posture.because) == ("not evaluated", "no export of IAM")


def test_without_events_nothing_that_was_done_is_held() -> None:
    digest = page(findings=(), coverage=coverage(events=0, accounts=()), posture=answers(PROD, DEV, BARE))
    assert states(digest)["rotation"].activity.state == "not evaluated"
    assert states(digest)["rotation"].posture.state == "held"
    assert states(digest)["rotation"].state == "not evaluated"


def test_a_side_that_cannot_show_a_practice_says_nothing_of_it() -> None:
    told = states(page(findings=()))
    assert told["shifts"].posture is None
    assert told["shifts"].state == "held"
    assert told["permission-review"].activity is None
    own = states(page(findings=(), detections=(*RULES, rule("own", "permission-review"))))
    assert own["permission-review"].activity.state == "held", "unless somebody wrote a detection that does"


def test_missing_data_events_are_named_and_alone_hold_nothing() -> None:
    told = states(page(findings=()))["least-privilege"].activity
    assert told.state == "held"
    assert told.because == (
        "1 of 2 detections looked and found nothing; not evaluated: no data events are in these logs (objects-read)"
    )
    alone = [one for one in RULES if one.id != "admin-granted"]
    told = states(page(findings=(), detections=alone))["least-privilege"].activity
    assert (told.state, told.because) == ("not evaluated", "no data events are in these logs (objects-read)")


def test_without_any_detection_nothing_is_held() -> None:
    told = states(page(findings=(), detections=()))
    assert {one.state for one in told.values()} == {"not evaluated"}
    assert told["mfa"].activity.because == "no detection serves it"


def test_what_is_silenced_ended_or_a_remark_breaks_nothing_and_is_not_hidden() -> None:
    told = states(page())
    assert told["shifts"].state == "held"
    assert told["shifts"].because.endswith("found nothing (1 suppressed)")
    assert told["networks"].state == "held"
    assert told["monitoring"].activity.because.endswith("found nothing (1 remark)")


def test_accounts_are_told_apart() -> None:
    one = states(page())["managed-policies"]
    accounts = {account.name: account for account in one.accounts}
    assert {name: (account.state, account.count) for name, account in accounts.items()} == {
        "prod": ("broken", 2), "dev": ("broken", 1), "bare": ("not evaluated", 0),
    }  # fmt: skip
    assert accounts["prod"].before == 1
    assert accounts["dev"].before == 0, "the digest of then did not name it"
    assert accounts["bare"].activity.because == "no events of this account on this day"
    assert accounts["bare"].posture.because == "no export of credential-report"
    assert accounts["dev"].activity.state == "held"
    granted = {account.name: account.count for account in states(page())["least-privilege"].accounts}
    assert granted == {"prod": 0, "dev": 1, "bare": 0}, "of no single account, it belongs to that of its identity"


def test_who_is_named_even_where_no_identity_is() -> None:
    assert states(page())["permission-review"].identities == ("account prod",)
    assert states(page())["password-policy"].identities == ("somebody from 203.0.113.7",)


def test_controls_count_by_the_detections_that_serve_them() -> None:
    controls = {one.number: one for one in page().controls}
    assert controls["4.4"].detections == ("inline-written", "admin-granted")
    assert (controls["4.4"].state, set(controls["4.4"].findings)) == ("broken", {"a1", "a2"})
    assert controls["4.5"].findings == ("a2",), "one act told once still counts for both"
    assert (controls["4.3"].state, controls["4.3"].because) == ("held", "1 detection looked and found nothing")
    assert (controls["4.8"].state, controls["4.8"].because) == (
        "not evaluated", "no data events are in these logs (objects-read)")  # fmt: skip
    assert (controls["4.14"].state, controls["4.14"].because) == ("not evaluated", "no detection serves it")


def test_counts_stand_beside_those_of_the_week_before() -> None:
    text = " ".join(page().render("text").split())
    assert "3 findings, 1 on 29 Dec 2025" in text
    report = practice_report(page()).render()
    assert "none, 4 on 29 Dec 2025" in report
    assert "29 Dec" not in page(before=None).render("text")
    assert page().compared == WEEK_AGO


@pytest.mark.parametrize("by", ["practice", "cis"])
@pytest.mark.parametrize("form", ["text", "markdown", "html"])
def test_every_form_tells_every_practice_or_control(form, by) -> None:
    text = practice_report(page()).render(form, by=by)
    for one in PRACTICES if by == "practice" else CONTROLS:
        assert one.number in text
    assert "Title of a1" in text or (form, by) == ("markdown", "cis")
    if form == "text":
        assert max(map(len, text.splitlines())) <= 100


def test_one_account_is_told_alone_by_id_or_name() -> None:
    for name in (DEV, "dev"):
        report = practice_report(page(), account=name)
        assert report.account == DEV
        assert {one.code: one.count for one in report.practices if one.count} == {
            "managed-policies": 1, "least-privilege": 1,
        }  # fmt: skip
        text = report.render()
        assert "(UTC) · dev (444455556666)" in text.splitlines()[0]
        assert "Title of p2" in text
        assert "Title of a1" not in text
    with pytest.raises(ConfigError, match="no account of this digest"):
        practice_report(page(), account="nowhere")


def test_the_json_is_what_its_schema_says() -> None:
    text = (resources.files("trailwatch") / "digest" / "schema" / "practices.schema.json").read_text(encoding="utf-8")
    schema = json.loads(text)
    validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    for report in (practice_report(page()), practice_report(page(before=None), account="dev")):
        values = json.loads(report.render("json"))
        validator.validate(values)
        assert {id for one in values["practices"] for id in one["findings"]} <= {
            one["id"] for one in values["findings"]
        }
    assert set(schema["properties"]) == {field.name for field in dataclasses.fields(PracticeReport)}
    assert not validator.is_valid({**values, "practices": [{**values["practices"][0], "state": "clean"}]})


def test_an_unknown_form_is_refused() -> None:
    with pytest.raises(ConfigError, match="no form of a practice report"):
        practice_report(page()).render("pdf")


def test_hostile_values_do_nothing_in_any_form() -> None:
    evil = dataclasses.replace(
        finding("h1", "inline-written", "managed-policies"),
        title=EVIL,
        person=EVIL,
        next=EVIL,
        principal=f"{PROD}/user/{EVIL}",
    )
    report = practice_report(page(findings=(evil, *FINDINGS)))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", report.render())
    assert r"\<script" in report.render("markdown")
    assert not re.search(r"(?<!\\)<script|(?<!\\)\[a\]|://", report.render("markdown"))
    assert "<script" not in report.render("html")
    assert "&lt;script&gt;" in report.render("html")


def test_a_page_read_back_from_the_store_shows_the_same() -> None:
    again = msgspec.json.decode(msgspec.json.encode(page()), type=Digest)
    assert practice_report(again).render() == practice_report(page()).render()
    assert again.date == DAY
