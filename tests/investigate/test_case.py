"""A case tells whether it was changed, and under other names nothing in it says whose it is."""

from __future__ import annotations

import json
import stat
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from investigate.conftest import INTRUDER, MADE

from trailwatch.errors import ConfigError
from trailwatch.investigate import case
from trailwatch.investigate.case import Case
from trailwatch.investigate.pseudonyms import Pseudonyms

NOW = datetime(2026, 8, 1, tzinfo=UTC)
REAL = (
    "alice", "grace", "svc-reports", "210987654321", "45.155.205", INTRUDER, MADE, "PlatformEngineer", "prod/shop",
    "example.com", "i-07ce0014945ab5d9b", "AROAPXUMPR4GSLBQIX3TV",
)  # fmt: skip


@pytest.fixture(scope="module")
def found(trail) -> Case:
    (row,) = trail.sql("select id from incidents where title like 'alice@%'")
    return trail.case(row["id"])


def _export(found, trail, path: Path, pseudonyms: Pseudonyms | None = None) -> dict[str, bytes]:
    case.export(found, str(path), pseudonyms=pseudonyms, accounts=trail.config.organization.accounts, now=NOW)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_case_holds_the_incident(found, trail, tmp_path) -> None:
    files = _export(found, trail, tmp_path / "case.zip")
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    ids = {id for finding in found.findings for id in finding.event_ids}
    assert len(ids) == len(events) == json.loads(files["manifest.json"])["events"] > 40
    assert {one["event_id"] for one in events} == ids
    assert len(json.loads(files["findings.json"])) == len(found.incident.findings) > 3
    assert json.loads(files["lineage.json"])[0]["tree"][1]["credential"] == INTRUDER
    assert MADE in files["lineage.md"].decode()
    assert case.check(str(tmp_path / "case.zip")) == []


def test_a_changed_case_is_told(found, trail, tmp_path) -> None:
    files = _export(found, trail, tmp_path / "case.zip")
    files["events.jsonl"] = files["events.jsonl"].replace(b"alice", b"mallory")
    del files["lineage.md"]
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        for name, body in {**files, "more.txt": b"x"}.items():
            archive.writestr(name, body)
    wrong = case.check(str(tmp_path / "other.zip"))
    assert wrong == ["lineage.md is missing", "more.txt is not told of", "events.jsonl was changed"]
    (tmp_path / "no.zip").write_bytes(b"no")
    with pytest.raises(ConfigError, match="no case"):
        case.check(str(tmp_path / "no.zip"))


def test_other_names_say_nothing_of_the_real_ones(found, trail, tmp_path) -> None:
    files = _export(found, trail, tmp_path / "case.zip", Pseudonyms(b"k" * 32))
    left = [(name, real) for name, body in files.items() for real in REAL if real.encode().lower() in body.lower()]
    assert left == []
    events = [json.loads(line) for line in files["events.jsonl"].splitlines()]
    (key,) = {one["credential"] for one in events if one["credential"]}
    assert key.startswith("ASIA")
    tree = json.loads(files["lineage.json"])[0]["tree"]
    assert tree[1]["credential"] == key, "the same everywhere"
    assert {one["address"] for one in events if one["credential"]} == {
        one["source_ip"].rpartition(".")[0] + ".0/24" for one in events if one["credential"]}  # fmt: skip


def test_the_same_key_gives_the_same_names(found, trail, tmp_path) -> None:
    one, same, other = (_export(found, trail, tmp_path / f"{n}.zip", Pseudonyms(key * 32))["events.jsonl"]
                        for n, key in enumerate((b"a", b"a", b"b")))  # fmt: skip
    assert one == same != other


def test_the_key_is_kept_apart(command, place, settings, tmp_path) -> None:
    at = ("--store", place, "--config", settings)
    assert command("case", "export", INTRUDER, "-o", "case.zip", "--pseudonymise", "--key", "apart.json", *at).code == 0
    assert stat.S_IMODE(Path("apart.json").stat().st_mode) == 0o600
    kept = json.loads(Path("apart.json").read_text())
    assert INTRUDER in kept["names"].values()
    assert kept["key"].encode() not in Path("case.zip").read_bytes()
    assert case.secret("apart.json").hex() == kept["key"]
    assert command("case", "check", "case.zip").code == 0
    assert command("case", "export", INTRUDER, "-o", "x.zip", "--key", "k", *at).code == 2


def test_addresses_stay_neighbours() -> None:
    names = Pseudonyms(b"k" * 32)
    one, two, net = names.text("198.51.100.7 198.51.100.8 198.51.100.0/24").split()
    assert one.rpartition(".")[0] == two.rpartition(".")[0] == net.rpartition(".")[0]
    assert one != two
    assert names.text("2001:db8:1::7").startswith("fd")
    assert names.text("arn:aws:iam::aws:policy/AdministratorAccess").endswith("AdministratorAccess")
    assert names.value({"request": '{"note":"meet at noon","n":"3","on":"Active"}'})["request"].startswith(
        '{"note":"name-'
    )
