"""The exports of IAM beside the logs: they say what the records say, and a clean organisation has nothing to hide."""

from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trailwatch.practices import CODES
from trailwatch.simulate import EXPORTED, exports
from trailwatch.simulate.records import Record
from trailwatch.simulate.stock import ACCOUNTS, DEV, PROD, SECURITY
from trailwatch.simulate.traces import TRACES
from trailwatch.simulate.upkeep import Upkeep
from trailwatch.simulate.world import CHAPTERS, World
from trailwatch.snapshot import files
from trailwatch.snapshot.export import Export

KINDS = {"credential-report", "authorization-details", "password-policy", "account-summary", "trails"}


def made(records: Iterable[Record], until: datetime, only: frozenset[str]) -> dict[str, bytes]:
    """The exports of an organisation in which some chapters happen, from the records of one in which none does."""
    world, upkeep = World(only=only), Upkeep(until)
    planted = (
        record
        for chapter in world.chapters for day in chapter.dates if chapter.plot
        for record in chapter.plot(world.seed, day)
    )  # fmt: skip
    for record in (*records, *planted):
        upkeep.see(record)
    return dict(exports.exports(world, upkeep))


def users(text: str) -> dict[str, dict[str, str]]:
    return {row["user"]: row for row in csv.DictReader(io.StringIO(text))}


@pytest.fixture(scope="module")
def told(sample_logs: Path) -> dict[str, dict[str, dict[str, str]]]:
    return {number: users((sample_logs / f"iam/{number}/credential-report.csv").read_text()) for number in ACCOUNTS}


@pytest.fixture(scope="module")
def ordinary() -> list[Record]:
    """The records of an organisation in which no chapter happens."""
    world = World(only=frozenset())
    return [record for day, dense in world.calendar() for record in world.day(day, dense)]


@pytest.fixture(scope="module")
def clean(ordinary: list[Record]) -> dict[str, bytes]:
    return made(ordinary, EXPORTED, frozenset())


@pytest.fixture(scope="module")
def upkeep(sample_logs: Path) -> Upkeep:
    """What the records of the samples say of credentials, up to the exports."""
    seen = Upkeep(EXPORTED)
    for path in sample_logs.glob("AWSLogs/o-exampleorg1/*/CloudTrail/**/*.json.gz"):
        for record in json.loads(gzip.decompress(path.read_bytes()))["Records"]:
            seen.see(record)
    return seen


def test_the_snapshot_reads_every_export_of_the_samples(sample_logs: Path) -> None:
    now = datetime.now(UTC)
    found = [
        one for one in files.exports(str(sample_logs / "iam"), taken_at=EXPORTED, now=now) if isinstance(one, Export)
    ]
    assert [one.reason for one in found if not one.good] == []
    assert {(one.account, one.kind) for one in found} == {(number, kind) for number in ACCOUNTS for kind in KINDS}


def test_the_report_says_what_the_records_say(told: dict[str, dict[str, dict[str, str]]]) -> None:
    root = told[PROD]["<root_account>"]
    assert root["mfa_active"] == "false"
    assert root["access_key_1_active"] == "true"
    assert root["password_last_used"].startswith("2026-07-22")
    assert root["access_key_1_last_rotated"].startswith("2026-07-22")
    assert told[PROD]["svc-reports"]["access_key_1_last_used_date"].startswith("2026-07-27T03")
    assert told[PROD]["legacy-backup"]["access_key_1_last_used_date"].startswith("2026-02-15")
    assert told[DEV]["judy"]["access_key_1_last_used_date"].startswith("2025-11")
    assert told[DEV]["mallory"]["access_key_1_last_used_date"] == "N/A"
    # The mailer made this key on its Tuesday; the one before was deleted on Thursday.
    assert told[DEV]["svc-mailer"]["access_key_1_last_rotated"].startswith("2026-07-21")
    assert told[DEV]["svc-mailer"]["access_key_2_active"] == "false"


def test_nothing_in_a_report_lies_after_it(told: dict[str, dict[str, dict[str, str]]]) -> None:
    late = [
        (user, name)
        for report in told.values() for user, row in report.items() for name, value in row.items()
        if value[:2] == "20" and name != "password_next_rotation" and datetime.fromisoformat(value) >= EXPORTED
    ]  # fmt: skip
    assert late == []


def test_every_role_and_user_of_the_records_stands_in_the_exports(sample_logs: Path, upkeep: Upkeep) -> None:
    known = set()
    for number in ACCOUNTS:
        body = json.loads((sample_logs / f"iam/{number}/account-authorization-details.json").read_text())
        known |= {one["Arn"] for name in ("UserDetailList", "RoleDetailList") for one in body[name]}
        # What was used says so.
        for role in body["RoleDetailList"]:
            used = upkeep.roles.get(role["Arn"])
            assert bool(role["RoleLastUsed"]) == (used is not None), role["Arn"]
    own = {arn for arn in upkeep.roles if arn.split(":")[4] in ACCOUNTS}
    assert own - known == set()
    assert {arn for arn in upkeep.sign_ins if ":user/" in arn} - known == set()


def test_a_clean_organisation_has_no_long_forgotten_or_unguarded_credential(clean: dict[str, bytes]) -> None:
    for number in ACCOUNTS:
        report = users(clean[f"iam/{number}/credential-report.csv"].decode())
        root = report.pop("<root_account>")
        assert "true" not in {root["access_key_1_active"], root["access_key_2_active"]}
        assert root["mfa_active"] == "true" or number == DEV, "root of dev has no credentials at all"
        for name, row in report.items():
            assert {"password_enabled": "true", "mfa_active": "false"}.items() - row.items(), name
            for slot in (1, 2):
                if row[f"access_key_{slot}_active"] == "true":
                    made_at = datetime.fromisoformat(row[f"access_key_{slot}_last_rotated"])
                    assert timedelta() < EXPORTED - made_at < timedelta(days=90), name
        body = json.loads(clean[f"iam/{number}/account-authorization-details.json"])
        assert all(one["GroupList"] and not one["AttachedManagedPolicies"] for one in body["UserDetailList"])
        assert not [one for one in body["UserDetailList"] if one["UserPolicyList"]]


def test_an_intruders_key_shows_only_while_it_is_there(ordinary: list[Record]) -> None:
    night, after = datetime(2026, 7, 28, 12, tzinfo=UTC), datetime(2026, 7, 31, tzinfo=UTC)
    story = frozenset({"off-hours-intruder", "clean-up"})
    reports = [made(ordinary, until, story)[f"iam/{PROD}/credential-report.csv"].decode() for until in (night, after)]
    rows = [users(report)["svc-reports"] for report in reports]
    active = [[row[f"access_key_{slot}_active"] for slot in (1, 2)].count("true") for row in rows]
    assert active == [2, 1]


def test_every_practice_is_broken_by_some_story_and_every_trace_belongs_to_one() -> None:
    told = [chapter for chapter in CHAPTERS if chapter.kind in {"attack", "neglect"}]
    assert all(chapter.practices for chapter in told)
    assert {code for chapter in told for code in chapter.practices} == CODES
    assert TRACES.keys() <= {chapter.id for chapter in told}
    assert not [chapter.id for chapter in CHAPTERS if chapter.kind in {"quiet", "lookalike"} and chapter.practices]


def test_the_organisation_keeps_one_trail_for_all_accounts(clean: dict[str, bytes]) -> None:
    owners = {json.loads(clean[f"iam/{number}/trails.json"])[0]["TrailARN"].split(":")[4] for number in ACCOUNTS}
    assert owners == {SECURITY}
