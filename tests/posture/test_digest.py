"""Days of a store with exports: what is new, what goes on, what was mended, and what could not be looked at."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
import typer
from iam import ACCOUNT, DAY, OTHER, details, row, user

from trailwatch.cli.daily import _leave
from trailwatch.cli.options import Severity
from trailwatch.config import Config, Organization, Practices, Rules, Suppression
from trailwatch.digest.basis import gaps
from trailwatch.digest.lines import sections
from trailwatch.store.schema import SNAPSHOTS

WITHOUT = "user-without-mfa"


def statuses(page, detection: str = WITHOUT) -> dict[str, str]:
    told = (*page.findings, *page.quiet)
    return {one.principal.rpartition("/")[2]: one.status for one in told if one.detection == detection}


def practice(page, code: str):
    return next(one for one in page.practices if one.code == code)


def test_a_finding_is_new_once_and_then_goes_on(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False), row()])
    first = shelf.digest()
    assert statuses(first) == {"bob": "new"}
    assert [one.title for one in first.happening if one.detection == WITHOUT] == ["bob has a password and no MFA"]
    second = shelf.digest(DAY + timedelta(1))
    assert statuses(second) == {"bob": "ongoing"}
    assert WITHOUT not in {one.detection for one in second.happening}
    with pytest.raises(typer.Exit) as left:
        _leave(findings=first.findings, fail_on=Severity.medium)
    assert left.value.exit_code == 3
    _leave(findings=second.findings, fail_on=Severity.info)
    standing = dict(sections(second))["Configured as before"]
    (one,) = (one for one in standing if one.detection == WITHOUT)
    assert one.evidence["since"] == DAY.isoformat()
    assert practice(second, "mfa").state == "broken"
    assert practice(second, "mfa").since == DAY


def test_what_the_next_good_export_lacks_is_resolved_and_may_come_back(shelf) -> None:
    days = [DAY + timedelta(n) for n in range(4)]
    shelf.put("credential-report", [row("bob", mfa_active=False)], day=days[0])
    shelf.put("credential-report", [row("bob")], day=days[1])
    shelf.put("credential-report", [row("bob", mfa_active=False)], day=days[3])
    assert [statuses(shelf.digest(day)) for day in days] == [
        {"bob": "new"}, {"bob": "resolved"}, {}, {"bob": "reopened"}]  # fmt: skip


def test_a_failed_export_ends_nothing_and_is_told(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False)])
    shelf.digest()
    shelf.fail("credential-report", "the file is cut off", day=DAY + timedelta(1))
    page = shelf.digest(DAY + timedelta(1))
    assert statuses(page) == {"bob": "ongoing"}
    assert page.has_gaps
    assert [line for line in gaps(page) if "cut off" in line] == [
        f"The credential-report of {ACCOUNT} could not be had (the file is cut off): that of Monday 1 June 2026 is used."
    ]


def test_an_export_that_vanished_resolves_nothing(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False)])
    shelf.digest()
    shelf.store.replace("snapshots", SNAPSHOTS.columns.empty_table(), where=f"dt = '{DAY}'")
    shelf.put("password-policy", {"default": True}, day=DAY + timedelta(1))
    page = shelf.digest(DAY + timedelta(1))
    assert statuses(page) == {"bob": "ongoing"}
    assert practice(page, "mfa").state == "broken"


def test_a_detection_that_is_switched_off_ends_what_it_said(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False)])
    shelf.digest()
    page = shelf.digest(DAY + timedelta(1), Config(rules=Rules(off=[WITHOUT])))
    assert statuses(page) == {"bob": "ended"}


def test_a_day_sees_no_export_of_a_later_day(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False)], day=DAY + timedelta(1))
    page = shelf.digest()
    assert statuses(page) == {}
    assert practice(page, "mfa").state == "not evaluated"
    assert any("no snapshot of IAM yet" in line for line in gaps(page))


def test_an_old_export_is_used_and_says_its_age(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False)], day=DAY - timedelta(20))
    page = shelf.digest()
    assert statuses(page) == {"bob": "new"}
    assert f"The credential-report of {ACCOUNT} is 20 days old." in list(gaps(page))
    assert [(one.kind, one.age_days, one.stale) for one in page.coverage.exports] == [("credential-report", 20, True)]


def test_an_account_without_an_export_is_never_clean(shelf) -> None:
    config = Config(organization=Organization(accounts={ACCOUNT: "prod", OTHER: "dev"}))
    shelf.put("credential-report", [row()])
    shelf.put("authorization-details", details(users=[user(account=OTHER)]), account=OTHER)
    page = shelf.digest(config=config)
    assert any(line.startswith("Not evaluated, no export of credential-report of dev: ") for line in gaps(page))
    states = {one.account: one.posture.state for one in practice(page, "mfa").accounts}
    assert states == {ACCOUNT: "held", OTHER: "not evaluated"}
    assert practice(page, "mfa").state == "not evaluated"


def test_a_hundred_users_are_one_entry_on_the_page_and_all_in_the_table(shelf) -> None:
    shelf.put("credential-report", [row(f"user{n:03}", mfa_active=False) for n in range(100)])
    page = shelf.digest()
    assert [one.title for one in page.happening if one.detection == WITHOUT] == [
        "user000 has a password and no MFA, and 99 more like it"]  # fmt: skip
    for form in ("text", "markdown", "html"):
        assert page.render(form).count("has a password and no MFA") <= 3
    listed = json.loads(page.render("json"))["findings"]
    assert sum(one["detection"] == WITHOUT for one in listed) == 100
    again = shelf.digest(DAY + timedelta(1))
    assert set(statuses(again).values()) == {"ongoing"}
    assert len([one for one in dict(sections(again))["Configured as before"] if one.detection == WITHOUT]) == 1


def test_a_suppressed_finding_is_kept_and_not_told(shelf) -> None:
    entry = Suppression(detection=WITHOUT, principal="bob", reason="a robot", owner="carol", until=DAY + timedelta(30))
    shelf.put("credential-report", [row("bob", mfa_active=False), row("eve", mfa_active=False)])
    page = shelf.digest(config=Config(suppress=[entry]))
    assert [one.principal.rpartition("/")[2] for one in page.happening if one.detection == WITHOUT] == ["eve"]
    assert [one.principal.rpartition("/")[2] for one in page.suppressed] == ["bob"]


def test_limits_come_from_the_configuration(shelf) -> None:
    shelf.put("credential-report", [row(access_key_1_active=True, access_key_1_last_rotated="2026-04-20T00:00:00Z")])
    assert statuses(shelf.digest(), "key-too-old") == {}
    short = shelf.digest(config=Config(practices=Practices(key_age_days=30)))
    assert statuses(short, "key-too-old") == {"alice": "new"}


def test_a_digest_made_again_reads_the_exports_that_it_read(shelf) -> None:
    shelf.put("credential-report", [row("bob", mfa_active=False)])
    first = shelf.digest()
    shelf.digest(DAY + timedelta(1))
    # It came late, for a day that a later digest stands on already.
    shelf.put("credential-report", [row("bob")], hour=12)
    assert statuses(shelf.digest()) == statuses(first)
    assert first.versions["snapshots"] >= 0
