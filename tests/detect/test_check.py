"""Checking files: the laws with their places, and cases that prove or disprove a detection."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trailwatch.detect import cases
from trailwatch.detect.check import check
from trailwatch.detect.laws import Bench, problems

HEAD = """title = "{principal} listed users"
severity = "low"
practices = ["monitoring"]
attack = ["T1087.004"]
why = "It should not be done."
misses = "What is done otherwise."
"""
CASES = """
[fires."listing"]
eventName = "ListUsers"

[silent."getting"]
eventName = "GetUser"
"""
CLAUSE = '''where = """
event_name = 'ListUsers'
"""
'''
GOOD = HEAD + CLAUSE + CASES


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with Bench() as one:
        yield one


def test_a_good_file_has_no_problems(tmp_path: Path) -> None:
    (tmp_path / "list-users.toml").write_text(GOOD)
    assert check(tmp_path) == []
    assert check(str(tmp_path / "list-users.toml")) == []


@pytest.mark.parametrize(
    ("before", "after", "law", "told", "where"),
    [
        ("{principal}", "{nobody}", "placeholders", "{nobody}", ":1:1"),
        ('"monitoring"', '"being-good"', "practices", "being-good", ":3:1"),
        ('["monitoring"]', "[]", "practices", "no practice", ":3:1"),
        ("T1087.004", "T9999", "attack", "T9999", ":4:1"),
        ('why = "It should not be done."', 'why = " "', "why", "missing", ":5:1"),
        ('misses = "What is done otherwise."\n', "", "misses", "missing", ""),
        ("event_name = 'ListUsers'", "event_name = 'ListUsers'\nand error_code <> 'x'", "clause", "is distinct from", ":9:5"),
        ("event_name = 'ListUsers'", "even_name = 'ListUsers'", "binds", "nearest is 'event_name'", ":8:1"),
        ("event_name = 'ListUsers'", "event_name = 'a even'\n  or eventName = 'x' -- eventName", "binds", "nearest is 'event_name'", ":9:6"),
        ("event_name = 'ListUsers'", "event_name = 'a' or sourceIPAddress = 'b'", "binds", "nearest is 'source_ip'", ":8:21"),
        ("event_name = 'ListUsers'", "lowr(event_name) = 'a'", "binds", "nearest is 'lower'", ":8:1"),
        ("event_name = 'ListUsers'", "event_name > 5", "binds", "Cannot compare", ":7:1"),
        ("event_name = 'ListUsers'", "event_name in (select principl from activity)", "binds", "nearest is 'principal'", ":8:23"),
        ("{principal}", "{principle}", "placeholders", "nearest is 'principal'", ":1:1"),
        ('"monitoring"', '"monitor"', "practices", "nearest is 'monitoring'", ":3:1"),
        ('eventName = "GetUser"', 'eventNmae = "GetUser"', "cases", "nearest is 'eventName'", ":15:1"),
        ('eventName = "GetUser"', 'events = [{ eventNaem = "GetUser" }]', "cases", "nearest is 'eventName'", ":15:13"),
        ("event_name = 'ListUsers'", "exists (select 1 from '/etc/passwd')", "clause", "passwd", ":8:23"),
        ('[silent."getting"]\neventName = "GetUser"', "", "cases", "stays silent", ""),
        ('[fires."listing"]\neventName = "ListUsers"', "", "cases", "it fires", ""),
        (CLAUSE, "", "shape", "neither where", ""),
        (CLAUSE, CLAUSE + 'query = "select event_id from scope"\n', "shape", "no place", ":7:1"),
        (CLAUSE, CLAUSE + 'by = ["nothing"]\n', "columns", "nothing", ":10:1"),
        (CLAUSE, CLAUSE + 'count = { by = ["principal"], at_least = 1, within = "1 hour" }\n', "shape", "at least 2", ":10:31"),
        (CLAUSE, CLAUSE + 'count = { by = ["person"], at_least = 2, within = "1 hour" }\nnew = { of = "role" }\n', "shape", "together", ":11:1"),
        (CLAUSE, 'query = "select principal from scope"\n', "binds", "event_id", ":7:1"),
    ],
)  # fmt: skip
def test_broken_laws_are_named_with_their_place(
    tmp_path: Path, bench: Bench, before: str, after: str, law: str, told: str, where: str
) -> None:
    from trailwatch.detect.detection import read

    assert before in GOOD
    path = tmp_path / "list-users.toml"
    path.write_text(GOOD.replace(before, after))
    found = problems(read(path), bench)
    assert [problem.law for problem in found] == [law], [str(problem) for problem in found]
    assert told in found[0].what
    assert found[0].where == f"{path}{where}"


def test_ids_are_lower_case_with_dashes(tmp_path: Path, bench: Bench) -> None:
    from trailwatch.detect.detection import parse

    for name in ("List-Users", "list_users", "-list", "list--users", "1st"):
        assert [problem.law for problem in problems(parse(GOOD, name=name), bench, text=GOOD)] == ["id"]


def test_cases_that_lie_are_problems(tmp_path: Path) -> None:
    (tmp_path / "lies.toml").write_text(
        GOOD.replace('eventName = "ListUsers"', 'eventName = "Other"').replace("GetUser", "ListUsers")
    )
    found = check(tmp_path)
    assert [(problem.law, problem.where.rpartition("lies.toml")[2]) for problem in found] == [
        ("cases", ":11:9"),
        ("cases", ":14:10"),
    ]
    assert "should fire and is silent" in found[0].what
    assert "should stay silent and fires" in found[1].what


def test_a_broken_file_stops_no_other(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("title = ")
    (tmp_path / "b.toml").write_text(GOOD)
    (tmp_path / "c.toml").write_text(GOOD.replace('ListUsers"', 'Other"'))
    assert [(problem.detection, problem.law) for problem in check(tmp_path)] == [("a", "file"), ("c", "cases")]
    assert [problem.law for problem in check(tmp_path / "none.toml")] == ["file"]
    (tmp_path / "empty").mkdir()
    assert [problem.law for problem in check(tmp_path / "empty")] == ["file"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('base = "no-such-base"', "no base event"),
        ('base = "../../etc/passwd"', "not the name"),
        ("repeat = 0", "repeat"),
        ("events = []", "events"),
        ('events = [{ after = "soon" }]', "span of time"),
        ("context = { shft = \"out\" }", "shft"),
        ("context = { principal_gap = \"long\" }", "principal_gap"),
        ("repeat = 2\nrepeat_vary = \"eventName.x\"", "no table"),
        ('eventTime = "<absent>"', "decoder"),
    ],
)  # fmt: skip
def test_cases_that_cannot_run_say_why(kit: Any, text: str, told: str) -> None:
    detection = kit.rule(f"where = 'true'\n[fires.\"it\"]\n{text}\n")
    (outcome,) = cases.run([detection])
    assert not outcome.right
    assert told in outcome.error


def test_cases_build_sequences_repeats_and_absences(kit: Any) -> None:
    detection = kit.rule(
        "where = \"error_code = 'AccessDenied'\"\n"
        "count = { by = ['principal'], distinct = 'target', at_least = 3, within = '10 minutes' }\n"
        '[fires."three secrets"]\neventSource = "secretsmanager.amazonaws.com"\neventName = "GetSecretValue"\nerrorCode = "AccessDenied"\nrepeat = 3\nrepeat_vary = "requestParameters.secretId"\n'
        '[silent."two secrets"]\neventSource = "secretsmanager.amazonaws.com"\neventName = "GetSecretValue"\nerrorCode = "AccessDenied"\nrepeat = 2\nrepeat_vary = "requestParameters.secretId"\n'
        '[silent."one secret thrice"]\neventSource = "secretsmanager.amazonaws.com"\neventName = "GetSecretValue"\nerrorCode = "AccessDenied"\nrepeat = 3\nrequestParameters.secretId = "a"\n'
        '[silent."too slow"]\neventSource = "secretsmanager.amazonaws.com"\neventName = "GetSecretValue"\nerrorCode = "AccessDenied"\nevents = [\n'
        '  { requestParameters.secretId = "a" }, { after = "6 minutes", requestParameters.secretId = "b" },\n'
        '  { after = "6 minutes", requestParameters.secretId = "c" } ]\n'
    )
    assert [outcome.right for outcome in cases.run([detection])] == [True] * 4
    absent = kit.rule("where = \"access_key_id is null\"\n"
                      '[fires."no key"]\nuserIdentity.accessKeyId = "<absent>"\n[silent."a key"]\n')  # fmt: skip
    assert [outcome.right for outcome in cases.run([absent])] == [True, True]


def test_cases_neither_see_nor_teach_each_other(kit: Any) -> None:
    # Each case alone has two; together all six would reach three.
    count = kit.rule("where = 'true'\ncount = { by = ['account'], at_least = 3, within = '2 days' }\n"
                     + "".join(f'[silent."{number}"]\nrepeat = 2\n' for number in range(3)), "counts")  # fmt: skip
    query = kit.rule("query = \"select event_id from scope where (select count(*) from attributed) > 1\"\n"
                     + "".join(f'[silent."{number}"]\n' for number in range(3)), "queries")  # fmt: skip
    new = kit.rule("where = 'true'\nnew = { of = 'region', for = 'principal' }\n"
                   '[silent."seen"]\nseen = [{ dimension = "region", value = "us-east-1" }]\n[fires."never seen"]\n'
                   '[silent."still learning"]\ncontext = { days_known = 1 }\n', "news")  # fmt: skip
    outcomes = cases.run([count, query, new])
    assert [str(outcome) for outcome in outcomes if not outcome.right] == []
    assert len(outcomes) == 9


def test_the_context_of_a_case_replaces_that_of_its_events(kit: Any) -> None:
    detection = kit.rule("where = \"shift = 'out' and principal_gap > 90\"\n"
                         '[fires."both"]\ncontext = { shift = "out", principal_gap = 100.5 }\n'
                         '[silent."one"]\ncontext = { shift = "out" }\n'
                         '[fires."the second event only"]\nevents = [{}, { context = { shift = "out", principal_gap = 91 } }]\n')  # fmt: skip
    assert [outcome.right for outcome in cases.run([detection])] == [True] * 3


def test_a_detection_that_cannot_run_fails_its_cases_with_the_reason(kit: Any) -> None:
    bad = kit.rule('where = "cast(event_name as int) = 3"\n[fires."a"]\n[silent."b"]\n', "bad")
    good = kit.rule("where = 'true'\n[fires.\"a\"]\n", "good")
    outcomes = {str(outcome): outcome for outcome in cases.run([bad, good])}
    assert outcomes["good::fires::a"].right
    assert "ListUsers" in outcomes["bad::silent::b"].error
