"""OCSF against the class's own schema, ASFF against what Security Hub asks for, lines that stay lines."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date

import botocore.session
import jsonschema
import msgspec
import pytest
from botocore.validate import ParamValidator
from news import EVIL, FIRST, MONDAY, NOW, news
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from trailwatch.finding import KINDS, SEVERITIES, STATUSES, Top
from trailwatch.sinks.asff import asff
from trailwatch.sinks.lines import line, record
from trailwatch.sinks.notice import Notice
from trailwatch.sinks.ocsf import VERSION, ocsf

BARE = replace(news(70), account="", principal="", person="", regions=(), addresses=(), actions=(), targets=(), attack=(),
               why="", next="", event_ids=(), count=0, kind="coverage", practices=())  # fmt: skip
EVERY = [
    *FIRST, BARE,
    *(news(50 + place, kind=kind) for place, kind in enumerate(KINDS)),
    *(news(60 + place, severity=name) for place, name in enumerate(SEVERITIES)),
    *(news(80 + place, status=name) for place, name in enumerate(STATUSES)),
    news(90, targets=tuple(Top(f"{EVIL}{'x' * 900}{place}", 1) for place in range(40)), title=EVIL * 20, principal="a/b/c" * 300,
         addresses=(Top("2001:db8::1", 1), Top("vpce-0a1b2c3d", 2))),
]  # fmt: skip


@pytest.fixture(scope="module")
def detection_finding() -> jsonschema.Draft202012Validator:
    schema = OcsfJsonSchemaEmbedded(get_ocsf_schema(VERSION)).get_class_schema("detection_finding", ["cloud"])
    return jsonschema.Draft202012Validator(schema)


def test_ocsf_is_what_the_class_asks_for(detection_finding) -> None:
    for one in EVERY:
        event = ocsf(Notice(MONDAY, one), product_version="1")
        wrong = [
            f"{list(error.absolute_path)}: {error.message[:200]}" for error in detection_finding.iter_errors(event)
        ]
        assert wrong == [], one.id
        assert event["type_uid"] == event["class_uid"] * 100 + event["activity_id"]


def test_the_schema_finds_what_is_missing_and_what_is_unknown(detection_finding) -> None:
    event = ocsf(Notice(MONDAY, news(1)), product_version="1")
    for name in ("time", "metadata", "finding_info", "severity_id", "cloud"):
        assert not detection_finding.is_valid({key: value for key, value in event.items() if key != name}), name
    assert not detection_finding.is_valid({**event, "severity_id": 12})


def test_asff_is_what_security_hub_takes() -> None:
    model = botocore.session.get_session().get_service_model("securityhub")
    shape = model.operation_model("BatchImportFindings").input_shape
    for one in EVERY:
        found = asff(Notice(MONDAY, one), account="111122223333", region="eu-central-1", partition="aws", now=NOW)
        report = ParamValidator().validate({"Findings": [found]}, shape)
        assert not report.has_errors(), report.generate_report()
        assert 1 <= len(found["Title"]) <= 256
        assert 1 <= len(found["Description"]) <= 1024
        assert len(found["Resources"]) <= 32
        assert all(0 < len(value) <= 1024 for value in found["ProductFields"].values())
        assert all(
            re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", found[name]) for name in ("CreatedAt", "UpdatedAt")
        )
        assert len(json.dumps(found)) < 240_000


def test_the_same_finding_has_the_same_id_and_a_rise_is_an_update() -> None:
    first = asff(Notice(MONDAY, news(1, severity="low")), account="1", region="r", partition="aws", now=NOW)
    later = asff(Notice(date(2026, 1, 9), news(1, severity="high", status="risen")), account="1", region="r", partition="aws",
                 now=NOW.replace(day=9))  # fmt: skip
    assert first["Id"] == later["Id"]
    assert first["CreatedAt"] == later["CreatedAt"]
    assert first["UpdatedAt"] < later["UpdatedAt"]
    assert (first["Severity"]["Label"], later["Severity"]["Label"]) == ("LOW", "HIGH")


def test_a_line_stays_one_line_whatever_a_log_says() -> None:
    for one in EVERY:
        for form in ("json", "ocsf", "text"):
            text = line(Notice(MONDAY, one), form)
            assert text.isprintable(), form
    told = json.loads(line(Notice(MONDAY, FIRST[2]), "json"))
    assert told["title"] == FIRST[2].title, "nothing is lost"
    assert (
        msgspec.convert({key: value for key, value in told.items() if key not in ("key", "day")}, type(FIRST[2]))
        == FIRST[2]
    )
    assert record(Notice(MONDAY, FIRST[0]))["key"] == "000000000001:2026-01-05:new:critical"


def test_text_says_how_grave_when_and_who() -> None:
    assert line(Notice(MONDAY, FIRST[0]), "text") == (
        "CRITICAL 2026-01-05 new: Something happened 000000000001 [alice, 12:00 UTC, 000000000001]")  # fmt: skip
