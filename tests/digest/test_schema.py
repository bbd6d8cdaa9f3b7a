"""The JSON is what its schema says, and the schema says all of it."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from importlib import resources

import jsonschema
import pytest

from trailwatch.digest.coverage import Coverage
from trailwatch.digest.integrity import Damage, Integrity
from trailwatch.digest.judgment import Side
from trailwatch.digest.page import Digest
from trailwatch.digest.report import AccountState, ControlState, PracticeState
from trailwatch.finding import Finding, Incident


def schema(name: str):
    text = (resources.files("trailwatch") / "digest" / "schema" / f"{name}.schema.json").read_text(encoding="utf-8")
    return json.loads(text)


@pytest.mark.parametrize("page", ["story", "quiet_day", "blind_day"])
def test_every_digest_fits_its_schema(page, request) -> None:
    digest = request.getfixturevalue(page)
    values = json.loads(digest.render("json"))
    jsonschema.Draft202012Validator(schema("digest"), format_checker=jsonschema.FormatChecker()).validate(values)
    assert values["schema"] == 1
    assert values["date"] == "2026-01-05"


def test_a_scan_has_its_own_schema(story) -> None:
    values = json.loads(replace(story, source="logs/").render("json"))
    jsonschema.Draft202012Validator(schema("scan")).validate(values)
    assert set(values) == {"schema", "coverage", "incidents", "findings"}


@pytest.mark.parametrize(
    "kind", [Coverage, Integrity, Damage, Finding, Incident, Side, AccountState, PracticeState, ControlState]
)
def test_the_schema_names_every_field_and_no_other(kind) -> None:
    assert set(schema("digest")["$defs"][kind.__name__]["properties"]) == {field.name for field in fields(kind)}


def test_the_schema_refuses_what_it_does_not_know(story) -> None:
    values = json.loads(story.render("json"))
    values["findings"][0]["severity"] = "urgent"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema("digest")).validate(values)
    assert set(schema("digest")["properties"]) == {field.name for field in fields(Digest)} - {"source"}
