"""Published attack exercises, one folder a technique: what the detections find of them without any history.

The same records are scanned again with a plain SDK's user agents and with accounts, regions, addresses and names redrawn,
so that nothing can lean on what gives the tool away.
"""

from __future__ import annotations

import gzip
import json
import random
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from trailwatch.detect import catalogue
from trailwatch.detect.catalogue import Catalogue
from trailwatch.detect.scan import scan
from trailwatch.engine import Engine
from trailwatch.finding import rank
from trailwatch.ingest import decode
from trailwatch.profile import sessions

Records = Sequence[dict[str, Any]]

PLAIN_SDK = "Boto3/1.34.144 md/Botocore#1.34.144 ua/2.0 os/linux#5.15.0 lang/python#3.11.8 Botocore/1.34.144"
HOME, REGIONS = "111122223333", ("us-east-1", "eu-west-1")
OTHER_REGIONS = ("ap-northeast-1", "ca-central-1", "eu-north-1", "sa-east-1", "us-west-2")
TECHNIQUES = 18


@dataclass(frozen=True)
class Row:
    """What was found of one technique: on its own events, and on the tool's warm-up and clean-up."""

    technique: str
    found: Mapping[str, int]
    setup: Mapping[str, int]


def published(records: Records) -> Records:
    """Leave the records as they were published."""
    return records


def redrawn(records: Records) -> Records:
    """Draw accounts, regions, addresses and the tool's names anew, each consistently, and use a plain SDK."""
    text = json.dumps([{**record, "userAgent": PLAIN_SDK} for record in records])
    draw = random.Random(len(text))
    accounts = {
        account: f"{draw.randrange(10**11, 10**12)}" for account in sorted(set(re.findall(r"\b\d{12}\b", text)))
    }
    regions = dict(zip(REGIONS, draw.sample(OTHER_REGIONS, 2), strict=True))
    text = re.sub(r"\b\d{12}\b", lambda found: accounts[found[0]], text)
    text = re.sub("|".join(REGIONS), lambda found: regions[found[0]], text)
    for word, other in (
        ("stratus-red-team", "orders"),
        ("StratusRedTeam", "Team"),
        ("malicious", "new"),
        ("christophe", "dana"),
    ):
        text = text.replace(word, other)
    addresses: dict[str, str] = {}
    again: list[dict[str, Any]] = json.loads(text)
    for record in again:
        drawn = f"{draw.randrange(11, 99)}.{draw.randrange(1, 255)}.{draw.randrange(1, 255)}.{draw.randrange(1, 255)}"
        record["sourceIPAddress"] = addresses.setdefault(record["sourceIPAddress"], drawn)
    return again


@pytest.fixture(scope="module")
def detections() -> Catalogue:
    found = catalogue.load()
    assert not found.broken
    return found


@pytest.fixture(scope="module")
def labels(shared_data: Path) -> dict[str, Any]:
    techniques: dict[str, Any] = json.loads((shared_data / "stratus" / "labels.json").read_text())["techniques"]
    return techniques


def records_of(folder: Path) -> Records:
    found = []
    for path in sorted(folder.rglob("*.json.gz")):
        found += json.loads(gzip.decompress(path.read_bytes()))["Records"]
    return found


def hits_of(records: Records, detections: Catalogue) -> list[tuple[str, str]]:
    """Return (event id, detection) of what is found at medium or above."""
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(list(records)))
        sessions.resolve(engine, aliases={})
        scanned = scan(engine, detections)
    assert not scanned.not_run
    pairs = zip(scanned.hits.column("event_id").to_pylist(), scanned.hits.column("detection").to_pylist(), strict=True)
    return [(event, name) for event, name in pairs if rank(detections[name].severity) >= rank("medium")]


def judge(technique: str, label: Mapping[str, Any], hits: Sequence[tuple[str, str]]) -> Row:
    def tally(role: str) -> dict[str, int]:
        names = [name for event, name in hits if event in set(label.get(role, ()))]
        return {name: names.count(name) for name in sorted(set(names))}

    return Row(technique, tally("attack"), tally("setup"))


@pytest.mark.parametrize("change", [published, redrawn], ids=lambda change: change.__name__)
def test_labelled_techniques_are_found_on_their_own_events(
    change: Callable[[Records], Records], shared_data: Path, labels: dict[str, Any], detections: Catalogue,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    rows = [
        judge(technique, label, hits_of(change(records_of(shared_data / "stratus" / technique)), detections))
        for technique, label in labels.items()
    ]
    found = [row for row in rows if row.found]
    with capsys.disabled():
        print(f"\n{change.__name__}: {len(found)} of {len(rows)} techniques at medium or above")
        for row in rows:
            print(f"  {row.technique:60} {row.found or 'missed'}{f'  on setup: {row.setup}' if row.setup else ''}")
    assert len(found) == len(rows) == TECHNIQUES
    assert not [row for row in rows if row.setup], "warm-up and clean-up of the tool are no findings at medium or above"


def test_redrawing_leaves_nothing_of_the_original(shared_data: Path, labels: dict[str, Any]) -> None:
    for technique in labels:
        before = records_of(shared_data / "stratus" / technique)
        text = json.dumps(redrawn(before))
        given = {HOME, *REGIONS, *(record["sourceIPAddress"] for record in before), "stratus"}
        assert not [word for word in given if word in text], technique


def test_no_clause_names_a_tool_an_account_or_an_address(detections: Catalogue) -> None:
    telling = re.compile(r"stratus|pacu|\b\d{12}\b|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b", re.IGNORECASE)
    assert {d.id: telling.findall(d.where + d.query) for d in detections if telling.search(d.where + d.query)} == {}
