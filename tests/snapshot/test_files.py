"""Folders of exports: whose each file is, which belong together, and what cannot be read beside what can."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import exports
import pytest

from trailwatch.errors import SourceError
from trailwatch.snapshot.export import DETAILS, PASSWORDS, REPORT, SUMMARY, TRAILS, USES, Export, Passed
from trailwatch.snapshot.files import exports as read

A, B = exports.ACCOUNT, exports.OTHER
NOW = datetime(2026, 7, 28, 6, 0, tzinfo=UTC)
ONE = {
    "report.csv": exports.REPORT, "details.json": exports.DETAILS, "policy.json": {"PasswordPolicy": exports.POLICY},
    "summary.json": {"SummaryMap": exports.SUMMARY}, "uses.json": exports.USES, "trails.json": {"trailList": [exports.TRAIL]},
    "selectors.json": exports.SELECTORS, "status.json": exports.STATUS,
}  # fmt: skip
KINDS = {REPORT, DETAILS, PASSWORDS, SUMMARY, USES, TRAILS}


def _read(folder: Path, **options: Any) -> list[Export]:
    return [one for one in read(str(folder), **{"now": NOW, **options}) if isinstance(one, Export)]


def _by_kind(folder: Path, **options: Any) -> dict[tuple[str, str], Export]:
    found = _read(folder, **options)
    assert all(one.good for one in found), [one.reason for one in found]
    named = {(one.account, one.kind): one for one in found}
    assert len(named) == len(found)
    return named


def test_a_flat_folder_is_one_account(tmp_path) -> None:
    found = _by_kind(exports.write(tmp_path, **ONE))
    assert set(found) == {(A, kind) for kind in KINDS}
    (trail,) = json.loads(found[A, TRAILS].body)
    assert (trail["IsLogging"], len(trail["EventSelectors"])) == (True, 1)
    assert found[A, TRAILS].source == "selectors.json and 2 more"


def test_names_mean_nothing(tmp_path) -> None:
    files = {f"{number}.txt": value for number, value in enumerate(ONE.values())}
    named, nameless = _by_kind(exports.write(tmp_path / "a", **ONE)), _by_kind(exports.write(tmp_path / "b", **files))
    assert {key: one.body for key, one in named.items()} == {key: one.body for key, one in nameless.items()}


@pytest.mark.parametrize("names", [(A, B), ("prod", "dev"), ("x/iam", "y/iam"), (B, A)])
def test_one_folder_an_account(tmp_path, names) -> None:
    # The content counts, though the last pair of folders is named the other way round.
    exports.write(tmp_path / names[0], **ONE)
    exports.write(tmp_path / names[1], **{name: exports.other(value) for name, value in ONE.items()})
    found = _by_kind(tmp_path)
    assert set(found) == {(account, kind) for account in (A, B) for kind in KINDS}
    rows = json.loads(found[B, REPORT].body)
    assert {row["arn"].split(":")[4] for row in rows} == {B}


SUMMARY_ONLY = {"s.json": {"SummaryMap": exports.SUMMARY}}


@pytest.mark.parametrize("name", [A, f"prod-{A}", f"{A}_2026-07-28", f"{A}/iam/latest"])
def test_the_name_of_the_folder_helps_where_the_content_is_silent(tmp_path, name) -> None:
    exports.write(tmp_path / name, **SUMMARY_ONLY)
    assert set(_by_kind(tmp_path)) == {(A, SUMMARY)}


def test_the_name_of_the_file_helps_too(tmp_path) -> None:
    exports.write(tmp_path, **{f"summary-{one}.json": {"SummaryMap": exports.SUMMARY} for one in (A, B)})
    assert set(_by_kind(tmp_path)) == {(A, SUMMARY), (B, SUMMARY)}
    assert set(_by_kind(tmp_path / f"summary-{A}.json")) == {(A, SUMMARY)}


@pytest.mark.parametrize("name", ["prod", "202607280600", f"{A}-{B}", f"9{A}"])
def test_nothing_says_whose_it_is(tmp_path, name) -> None:
    folder = exports.write(tmp_path / name, **SUMMARY_ONLY)
    (failed,) = _read(tmp_path)
    assert (failed.good, failed.account, failed.kind, failed.body) == (False, "", SUMMARY, "")
    assert "--account" in failed.reason
    assert set(_by_kind(folder, accounts=[B])) == {(B, SUMMARY)}


def test_two_accounts_in_one_folder_do_not_lend_their_names(tmp_path) -> None:
    exports.write(tmp_path, **{"a.csv": exports.REPORT, "b.csv": exports.other(exports.REPORT)}, **SUMMARY_ONLY)
    found = {(one.account, one.kind, one.good) for one in _read(tmp_path)}
    assert found == {(A, REPORT, True), (B, REPORT, True), ("", SUMMARY, False)}


def test_only_the_accounts_that_were_asked_for(tmp_path) -> None:
    exports.write(tmp_path / "a", **ONE)
    exports.write(tmp_path / "b", **{name: exports.other(value) for name, value in ONE.items()})
    found = list(read(str(tmp_path), accounts=[A], now=NOW))
    assert {one.account for one in found if isinstance(one, Export)} == {A}
    passed = [one for one in found if isinstance(one, Passed)]
    assert len(passed) == len(KINDS)
    assert all(B in one.reason for one in passed)


def test_pages_in_files_of_their_own_are_joined(tmp_path) -> None:
    first, second = exports.pages(exports.DETAILS)
    joined = _by_kind(exports.write(tmp_path / "pages", **{"1.json": first, "2.json": second}))
    whole = _by_kind(exports.write(tmp_path / "whole", **{"1.json": exports.DETAILS}))
    assert joined[A, DETAILS].body == whole[A, DETAILS].body
    (failed,) = _read(exports.write(tmp_path / "cut", **{"1.json": first}))
    assert "more pages follow" in failed.reason
    assert (failed.account, failed.kind) == (A, DETAILS)


def test_a_page_of_aws_policies_belongs_to_its_folder(tmp_path) -> None:
    first, second = exports.pages(exports.DETAILS)
    aws = {"Arn": "arn:aws:iam::aws:policy/AdministratorAccess", "AttachmentCount": 2}
    last = {**second, "RoleDetailList": [], "Policies": [aws]}
    found = _by_kind(
        exports.write(tmp_path, **{"1.json": first, "2.json": second | {"IsTruncated": True}, "3.json": last})
    )
    assert [one["Arn"] for one in json.loads(found[A, DETAILS].body)["Policies"]] == [
        f"arn:aws:iam::{A}:policy/own",
        aws["Arn"],
    ]


def test_last_accessed_services_of_several_make_one_export(tmp_path) -> None:
    bob = json.loads(json.dumps(exports.USES).replace("user/alice", "user/ops/bob"))
    found = _by_kind(exports.write(tmp_path, **{"alice.json": exports.USES, "bob.json": bob}))
    assert sorted(json.loads(found[A, USES].body)) == [f"arn:aws:iam::{A}:user/alice", f"arn:aws:iam::{A}:user/ops/bob"]


def test_an_organizations_trail_does_not_say_whose_export_it_is(tmp_path) -> None:
    foreign = {**exports.other(exports.TRAIL), "IsOrganizationTrail": True}
    found = _by_kind(exports.write(tmp_path, **{"report.csv": exports.REPORT, "trails.json": {"trailList": [foreign]}}))
    assert set(found) == {(A, REPORT), (A, TRAILS)}
    (failed,) = _read(exports.write(tmp_path / "alone", **{"trails.json": {"trailList": [foreign]}}))
    assert "--account" in failed.reason


@pytest.mark.parametrize(("files", "words"), [
    ({"1.json": exports.SELECTORS}, "no description"), ({"1.json": exports.STATUS}, "does not say which trail"),
    ({"1.json": {"trailList": [exports.TRAIL, exports.TRAIL | {"TrailARN": exports.TRAIL_ARN + "2"}]}, "2.json": exports.STATUS}, "does not say which trail"),
])  # fmt: skip
def test_parts_of_trails_that_do_not_fit(tmp_path, files, words) -> None:
    (failed,) = _read(exports.write(tmp_path / A, **files), accounts=[A])
    assert words in failed.reason


def test_broken_files_stand_beside_good_ones(tmp_path) -> None:
    broken = {
        "empty.json": b"",
        "cut.json": json.dumps(exports.DETAILS)[:500],
        "logs.json": {"Records": []},
        "notes.md": "# hi",
    }
    found = _read(exports.write(tmp_path, **ONE, **broken))
    assert {one.kind for one in found if one.good} == KINDS
    failed = {one.source: one for one in found if not one.good}
    assert set(failed) == set(broken)
    assert {one.account for one in failed.values()} == {A}
    assert (failed["cut.json"].kind, failed["empty.json"].kind) == (DETAILS, "")
    assert all("Try: " in one.reason and one.digest == "" for one in failed.values())


def test_when_it_was_taken(tmp_path) -> None:
    answered = exports.answered(exports.REPORT, "2026-07-27T06:00:00+00:00")
    folder = exports.write(tmp_path, **{"report.json": answered}, **SUMMARY_ONLY)
    os.utime(folder / "s.json", (0, datetime(2026, 7, 20, tzinfo=UTC).timestamp()))
    found = _by_kind(folder)
    assert found[A, REPORT].taken_at == datetime(2026, 7, 27, 6, tzinfo=UTC)  # as the answer says
    assert found[A, SUMMARY].taken_at == datetime(2026, 7, 20, tzinfo=UTC)  # as the file says
    os.utime(folder / "s.json", (0, datetime(2030, 1, 1, tzinfo=UTC).timestamp()))
    assert _by_kind(folder)[A, SUMMARY].taken_at == NOW  # nothing was taken in the future
    given = datetime(2026, 7, 1, tzinfo=UTC)
    assert {one.taken_at for one in _read(folder, taken_at=given)} == {given}


def test_sizes_are_bounded(tmp_path) -> None:
    folder = exports.write(tmp_path, **ONE)
    large = [one for one in _read(folder, largest=1000) if not one.good]
    assert {one.source for one in large} >= {"details.json"}
    assert all("more than the 0 that are read" in one.reason for one in large)
    held = [one for one in _read(folder, held=100) if not one.good]
    assert any("too large to be joined" in one.reason for one in held)


def test_links_pipes_and_hidden_files_are_named_and_not_read(tmp_path) -> None:
    (tmp_path / "secret").write_text(exports.REPORT)
    folder = exports.write(tmp_path / "exports", **SUMMARY_ONLY, **{".DS_Store": b"\x00"})
    (folder / "link.csv").symlink_to(tmp_path / "secret")
    os.mkfifo(folder / "pipe")
    (folder / "loop").symlink_to(folder)
    found = list(read(str(folder), accounts=[A], now=NOW))
    assert [one.kind for one in found if isinstance(one, Export)] == [SUMMARY]
    passed = {one.name: one.reason for one in found if isinstance(one, Passed)}
    assert passed == {
        ".DS_Store": "hidden",
        "link.csv": "a symbolic link",
        "loop": "a symbolic link",
        "pipe": "a special file",
    }


def test_a_name_that_is_no_utf8_is_shown(tmp_path) -> None:
    (tmp_path / os.fsdecode(b"r\xff\n.csv")).write_text(exports.REPORT)
    (one,) = _read(tmp_path)
    assert one.source.encode() == b"r\\xff\n.csv"
    assert one.good


def test_a_folder_that_is_not_there_or_empty_is_an_error(tmp_path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        list(read(str(tmp_path / "nowhere"), now=NOW))
    with pytest.raises(SourceError, match="no files"):
        list(read(str(tmp_path), now=NOW))
