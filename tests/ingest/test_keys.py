"""Every layout of keys, and every stranger beside them."""

from __future__ import annotations

from datetime import date

import pytest
from trails import ACCOUNT, DAY, REGION, key

from trailwatch.ingest import keys
from trailwatch.ingest.keys import Place

ORGANIZATION = "o-exampleorgid"
LOG = Place("CloudTrail", ACCOUNT, REGION, date.fromisoformat(DAY))


@pytest.mark.parametrize(
    "prefix",
    ["", "trail/", "a/b/c/", f"{ORGANIZATION}/", "with space/", "AWSLogs/copy/"],
)
@pytest.mark.parametrize("organization", ["", ORGANIZATION])
def test_logs_are_known_in_every_layout(prefix: str, organization: str) -> None:
    assert keys.read(key(prefix=prefix, organization=organization)) == LOG


def test_names_that_cloudtrail_has_used() -> None:
    folder = key().rpartition("/")[0]
    for name in (
        f"{ACCOUNT}_CloudTrail_us-east-2_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json.gz",
        f"{ACCOUNT}_CloudTrail_us-east-2_20140620T1255ZHdkvFTXOA3Vnhbc.json.gz",
        f"{ACCOUNT}_CloudTrail_us-gov-west-1_20150801T0210Z_Mu0KsOhtH1ar15ZZ.json",
    ):
        assert keys.read(f"{folder}/{name}") == LOG, name


@pytest.mark.parametrize("kind", ["CloudTrail-Insight", "CloudTrail-NetworkActivity", "CloudTrail-Aggregated"])
def test_other_classes_of_records_have_their_own_kind(kind: str) -> None:
    assert keys.read(key(kind=kind)) == Place(kind, ACCOUNT, REGION, date.fromisoformat(DAY))


DIGEST = f"{ACCOUNT}_CloudTrail-Digest_{REGION}_my_odd-trail.name_us-east-1_20260105T101010Z"


@pytest.mark.parametrize(
    ("at", "kind"),
    [
        (f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/01/05/{DIGEST}.json.gz", "CloudTrail-Digest"),
        (f"AWSLogs/{ACCOUNT}/CloudTrail-Digest/{REGION}/2026/01/05/{DIGEST}_backfill.json.gz", "CloudTrail-Digest"),
        (f"somewhere/{DIGEST}.json.gz", "CloudTrail-Digest"),
        (f"AWSLogs/{ACCOUNT}/Config/{REGION}/2020/8/31/ConfigHistory/x.json.gz", "Config"),
        (f"AWSLogs/{ACCOUNT}/Config/{REGION}/2020/8/31/x.json.gz", "Config"),
        (f"AWSLogs/{ACCOUNT}/GuardDuty/{REGION}/2026/01/05/x.jsonl.gz", "GuardDuty"),
        (f"AWSLogs/{ACCOUNT}/vpcflowlogs/{REGION}/2026/01/05/x.log.gz", "vpcflowlogs"),
        (f"AWSLogs/{ACCOUNT}/something/{REGION}/2026/01/05/x.gz", "unrecognised"),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/05/", "unrecognised"),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/05/readme.txt", "unrecognised"),
        ("readme.txt", "unrecognised"),
        ("../../etc/passwd", "unrecognised"),
        ("", "unrecognised"),
        ("events.json", "plain"),
        ("export/part.JSONL", "plain"),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/01/05/renamed.json.gz", "plain"),
        (f"AWSLogs/{ACCOUNT}/CloudTrail/{REGION}/2026/13/45/renamed.json.gz", "plain"),
    ],
)
def test_neighbours_and_strangers(at: str, kind: str) -> None:
    assert keys.read(at).kind == kind


def test_a_copy_outside_of_its_folders_still_carries_its_name() -> None:
    assert keys.read("downloads/" + key().rpartition("/")[2]) == LOG


def test_a_renamed_file_keeps_what_its_folder_says() -> None:
    assert keys.read(key().rpartition("/")[0] + "/renamed.json").day == date.fromisoformat(DAY)


def test_numbers_of_objects_are_stable_positive_and_different() -> None:
    # A number that changed would make every object unread again.
    assert keys.identify("bucket", "key") == 4937481252933558320
    assert 0 <= keys.identify("bucket", "key\udcff") < 2**63
    assert len({keys.identify("bucket", str(number)) for number in range(10_000)}) == 10_000
