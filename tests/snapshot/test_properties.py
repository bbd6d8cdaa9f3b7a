"""The parser on anything: it reads or says why not, a cut is seen, and what is written can be read again."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import exports
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from trailwatch.snapshot.export import Unusable, canonical
from trailwatch.snapshot.joining import join
from trailwatch.snapshot.reading import read
from trailwatch.snapshot.report import read_report

SOURCES = [exports.REPORT.encode(), json.dumps(exports.DETAILS).encode(), json.dumps(exports.USES).encode(),
           json.dumps({"trailList": [exports.TRAIL]}).encode(), exports.answered(exports.REPORT).encode(),
           json.dumps({"PasswordPolicy": exports.POLICY}).encode()]  # fmt: skip
ROW_ENDS = {len("\n".join(exports.REPORT.splitlines()[:count])) for count in (2, 3, 4)}


def _bodies(data: bytes) -> list[str]:
    return [canonical(join(part.kind, [part])) for part in read(data)]


@settings(deadline=None)
@given(
    data=some.one_of(
        some.binary(max_size=400), some.text(max_size=400).map(lambda text: text.encode("utf-8", "replace"))
    )
)
@example(b'{"SummaryMap":{"AccountMFAEnabled":1e999}}')
@example(b'[{"user": "a", "arn": "arn:aws:iam::111122223333:user/a", "mfa_active": []}]')
@example(b'{"UserDetailList": 5}')
@example(b'{"trailList": [5]}')
@example(b'{"JobStatus": "COMPLETED", "ServicesLastAccessed": [{"LastAuthenticatedEntity": []}]}')
@example(b"user,arn,\n")
def test_anything_is_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(Unusable):
        _bodies(data)


@settings(max_examples=300, deadline=None)
@given(
    source=some.sampled_from(SOURCES), start=some.integers(0, 3000), length=some.integers(0, 30),
    put=some.one_of(some.binary(max_size=8), some.sampled_from([b"null", b"[]", b"{}", b'"', b"-1", b"\x00", b"\\ud800"])),
)  # fmt: skip
def test_a_damaged_export_is_read_or_refused(source: bytes, start: int, length: int, put: bytes) -> None:
    try:
        bodies = _bodies(source[:start] + put + source[start + length :])
    except Unusable:
        return
    for body in bodies:
        json.loads(body.encode("utf-8"))  # what is kept is JSON in valid UTF-8


@settings(deadline=None)
@given(length=some.integers(0, len(exports.REPORT) - 1))
def test_a_report_that_is_cut_inside_of_a_row_is_refused(length: int) -> None:
    cut = exports.REPORT[:length]
    if length in ROW_ENDS or length - 1 in ROW_ENDS:
        assert len(read_report(cut)) == cut.strip().count("\n")  # no file says how many users there are
        return
    with pytest.raises(Unusable):
        read(cut.encode())


@settings(deadline=None)
@given(length=some.integers(0, len(SOURCES[1]) - 1))
def test_cut_json_is_refused(length: int) -> None:
    with pytest.raises(Unusable):
        _bodies(SOURCES[1][:length])


NAMES = some.text(
    some.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), min_size=1, max_size=30
).filter(lambda name: name.strip() == name and not name.startswith("\ufeff"))
TIMES = some.datetimes(datetime(2007, 1, 1), datetime(2040, 1, 1), timezones=some.just(UTC))  # noqa: DTZ001 — the zone is given beside


@settings(deadline=None)
@given(users=some.dictionaries(NAMES, some.tuples(some.booleans(), some.booleans(), TIMES), min_size=1, max_size=5))
@example({"=cmd|'/C calc'!A0": (True, False, datetime(2026, 1, 1, tzinfo=UTC))})
@example({'a"b,c;d': (True, False, datetime(2026, 1, 1, tzinfo=UTC))})
def test_what_a_report_says_is_what_is_read(users: dict[str, tuple[bool, bool, datetime]]) -> None:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(exports.HEADER.split(","))
    for name, (password, mfa, made) in users.items():
        arn = f"arn:aws:iam::{exports.ACCOUNT}:user/{name}"
        when = made.replace(microsecond=0).isoformat()
        writer.writerow([name, arn, when, str(password).lower(), "N/A", "N/A", "N/A", str(mfa).upper(), "false",
                         *["N/A"] * 4, "false", *["N/A"] * 4, "false", "N/A", "false", "N/A"])  # fmt: skip
    rows: list[dict[str, Any]] = json.loads(_bodies(out.getvalue().encode())[0])
    read_back = {row["user"]: (row["password_enabled"], row["mfa_active"], row["user_creation_time"]) for row in rows}
    assert read_back == {
        name: (password, mfa, made.replace(microsecond=0).isoformat().replace("+00:00", "Z"))
        for name, (password, mfa, made) in users.items()
    }
    assert _bodies(json.dumps(rows).encode()) == _bodies(out.getvalue().encode())
