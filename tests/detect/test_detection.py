"""Reading detection files: what they say, and errors that name the place and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from trailwatch.config import Config, Override, Rules
from trailwatch.detect import catalogue
from trailwatch.detect.detection import parse, read, seconds
from trailwatch.errors import DetectionError

GOOD = '''title = "{principal} did it"
severity = "low"
practices = ["monitoring"]
why = "It should not be done."
misses = "What is done otherwise."
where = """
event_name = 'ListUsers'
"""

[fires."listing"]
eventName = "ListUsers"

[silent."getting"]
eventName = "GetUser"
'''


def test_a_file_becomes_a_detection(tmp_path: Path) -> None:
    (tmp_path / "recon").mkdir()
    path = tmp_path / "recon" / "list-users.toml"
    path.write_text(GOOD)
    detection = read(path)
    assert (detection.id, detection.group, detection.shape, detection.by) == (
        "list-users", "recon", "where", ("principal", "person"))  # fmt: skip
    assert [(case.name, case.fires) for case in detection.cases] == [("listing", True), ("getting", False)]


def test_the_version_changes_with_the_meaning_and_not_with_the_cases() -> None:
    first = parse(GOOD, name="a")
    assert parse(GOOD.replace("listing", "another name"), name="a").version == first.version
    assert parse(GOOD.replace("ListUsers'", "ListRoles'"), name="a").version != first.version


@pytest.mark.parametrize(
    ("before", "after", "where", "what"),
    [
        ('severity = "low"', 'sevrity = "low"', ":2:1", "'severity'"),
        ('severity = "low"', 'severity = "loud"', ":2:1", "loud"),
        ('severity = "low"', 'severity = low', ":2:12", "TOML"),
        ('severity = "low"', 'severity = "low"\ncount = { by = ["principal"], at_last = 3, within = "1 hour" }', ":3:31", "'at_least'"),
        ('severity = "low"', 'severity = "low"\ncount = { by = ["principal"], at_least = 3, within = "soon" }', ":3:45", "soon"),
        ('severity = "low"', 'severity = "low"\nby = ["principal) or (true"]', ":3:1", "not the name of a column"),
        ('severity = "low"', 'severity = "low"\nnew = { of = "moon", for = "principal" }', ":3:9", "moon"),
        ('title = "{principal} did it"', "", "", "title"),
        ('[fires."listing"]\neventName = "ListUsers"', 'fires = 3', "", "fires"),
    ],
)  # fmt: skip
def test_errors_name_place_and_remedy(before: str, after: str, where: str, what: str) -> None:
    with pytest.raises(DetectionError) as caught:
        parse(GOOD.replace(before, after), name="a", path="rules/a.toml")
    assert caught.value.where.startswith("rules/a.toml" + where), caught.value
    assert what in str(caught.value)


def test_spans_of_time() -> None:
    assert [seconds(text) for text in ("10 minutes", "1 hour", "45 seconds", "2 days")] == [600, 3600, 45, 172800]
    for text in ("0 hours", "an hour", "10", "1.5 hours"):
        with pytest.raises(ValueError, match="not a span"):
            seconds(text)


def test_own_folders_join_after_the_same_laws_and_broken_files_stop_nothing(tmp_path: Path) -> None:
    (tmp_path / "list-users.toml").write_text(GOOD)
    (tmp_path / "broken.toml").write_text("title = ")
    (tmp_path / "lawless.toml").write_text(GOOD.replace("event_name = 'ListUsers'", "error_code <> 'x'"))
    (tmp_path / "root-sign-in.toml").write_text(GOOD)
    config = Config(rules=Rules(
        folders=[str(tmp_path), "/nowhere"], off=["root-api-read", "no-such-rule"],
        severity={"list-users": Override(severity="high", reason="we never list"),
                  "unknown": Override(severity="low", reason="?")}))  # fmt: skip
    found = catalogue.load(config)
    assert found["list-users"].severity == "high"
    assert found["list-users"].severity_reason == "we never list"
    assert "root-sign-in" in {d.id for d in found}
    assert "root-api-read" not in {d.id for d in found}
    assert found["root-api-read"] in found.off
    told = {(Path(broken.path).name, broken.error) for broken in found.broken}
    for name, part in [
        ("broken.toml", "TOML"), ("lawless.toml", "is distinct from"), ("root-sign-in.toml", "is taken by"),
        ("nowhere", "no such folder"), ("[rules] off", "no-such-rule"), ("[rules] severity", "unknown"),
    ]:  # fmt: skip
        assert any(where == name and part in error for where, error in told), (name, told)
    assert len(found.broken) == 6


def test_an_unknown_id_is_an_error_with_a_hint() -> None:
    with pytest.raises(DetectionError, match="rules list"):
        catalogue.load()["no-such"]
