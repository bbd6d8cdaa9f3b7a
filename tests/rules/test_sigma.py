"""Sigma rules, all written here, ask of real records what Sigma means by them; what cannot be asked is named."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
import trails
from hypothesis import given, settings
from hypothesis import strategies as st

from trailwatch.config import Config, Rules
from trailwatch.detect import cases, catalogue, context
from trailwatch.detect.catalogue import from_sigma
from trailwatch.detect.check import check
from trailwatch.detect.detection import Detection, parse
from trailwatch.detect.laws import Bench, problems
from trailwatch.detect.scan import evaluate
from trailwatch.detect.writing import block, quoted, slug, sql_text
from trailwatch.engine import Engine
from trailwatch.ingest import decode
from trailwatch.profile import sessions

HEAD = """title: {title}
id: 5d8d8f0c-1111-4222-8333-000000000001
description: Somebody did it.
author: trailwatch's tests
logsource:
  product: aws
  service: cloudtrail
level: high
tags:
  - attack.t1562.008
"""
DEEP = {
    "a": {
        "items": [{"cidr": "10.0.0.0/8"}, {"cidr": "0.0.0.0/0"}],
        "n": 7,
        "flag": True,
        "names": ["x", "Y"],
        "nil": None,
    }
}

# A selection, records that it finds, and records that it leaves.
RULES: list[tuple[str, list[dict[str, Any]], list[dict[str, Any]]]] = [
    ("eventName: StopLogging", [{"eventName": "StopLogging"}, {"eventName": "stoplogging"}], [{"eventName": "StopLoggings"}]),
    ("eventName|cased: StopLogging", [{"eventName": "StopLogging"}], [{"eventName": "stoplogging"}]),
    ("eventName: [Stop*, '?etUser']", [{"eventName": "StopIt"}, {"eventName": "GetUser"}], [{"eventName": "TargetUser"}, {"eventName": "NoStop"}]),
    ("userAgent|contains: ['50%_off', 'a\\b']", [{"userAgent": "x 50%_OFF y"}, {"userAgent": "a\\b"}], [{"userAgent": "50 __off"}, {"userAgent": "axb"}]),
    ("userAgent|contains|all: [kali, boto]", [{"userAgent": "Boto on Kali"}], [{"userAgent": "kali"}]),
    (r"userAgent: 'x\*y'", [{"userAgent": "x*y"}], [{"userAgent": "xzy"}]),
    ("userAgent: \"it's; drop table -- {}\"", [{"userAgent": "IT'S; drop table -- {}"}], [{"userAgent": "its"}]),
    ("userAgent|re: '^(foo|ba[rz])\\.x?$'", [{"userAgent": "foo."}, {"userAgent": "bar.x"}], [{"userAgent": "FOO."}, {"userAgent": "xfoo."}]),
    ("userAgent|re|i: '^foo.*bar$'", [{"userAgent": "FOO and Bar"}], [{"userAgent": "foo and bars"}]),
    ("sourceIPAddress|cidr: 10.0.0.0/9", [{"sourceIPAddress": "10.127.255.255"}],
     [{"sourceIPAddress": "10.128.0.1"}, {"sourceIPAddress": "iam.amazonaws.com"}, {"sourceIPAddress": "10.99999999999999999.1.1"}, {"sourceIPAddress": "10.300.1.1"}]),
    ("errorCode: null", [{}], [{"errorCode": "AccessDenied"}]),
    ("errorCode|exists: true", [{"errorCode": "AccessDenied"}], [{}]),
    ("userIdentity.type: Root", [{"userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}}], [{}]),
    ("userIdentity.sessionContext.attributes.mfaAuthenticated: 'false'",
     [{"userIdentity": {"type": "IAMUser", "sessionContext": {"attributes": {"mfaAuthenticated": "false"}}}}], [{}]),
    ("readOnly: false", [{"readOnly": False}], [{"readOnly": True}]),
    ("requestParameters.a.items.cidr: 0.0.0.0/0", [{"requestParameters": DEEP}], [{"requestParameters": {"a": {"items": [{"cidr": "1"}]}}}, {"requestParameters": None}]),
    ("requestParameters.a.names|startswith: y", [{"requestParameters": DEEP}], [{"requestParameters": {"a": {"names": ["xy"]}}}]),
    ("requestParameters.a.n|gte: 7", [{"requestParameters": DEEP}], [{"requestParameters": {"a": {"n": 6}}}, {"requestParameters": {"a": {"n": "many"}}}]),
    ("requestParameters.a.n: 7", [{"requestParameters": DEEP}], [{"requestParameters": {"a": {"n": 70}}}]),
    ("requestParameters.a.flag: true", [{"requestParameters": DEEP}], [{"requestParameters": {"a": {"flag": False}}}]),
    ("requestParameters.a.nil|exists: false", [{"requestParameters": DEEP}, {}], [{"requestParameters": {"a": {"nil": 1}}}]),
    ("requestParameters|contains: '\"cidr\":\"0.0.0.0/0\"'", [{"requestParameters": DEEP}], [{"requestParameters": {"b": 1}}]),
    ("resources.type: AWS::S3::Bucket", [{"resources": [{"type": "AWS::KMS::Key"}, {"type": "AWS::S3::Bucket"}]}], [{"resources": [{"type": "AWS::KMS::Key"}]}, {}]),
    ("userAgent|fieldref: eventName", [{"userAgent": "listbuckets"}], [{"userAgent": "other"}]),
    ("errorCode|neq: AccessDenied", [{"errorCode": "Other"}, {}], [{"errorCode": "AccessDenied"}]),
    ("userAgent|base64: foo", [{"userAgent": "Zm9v"}], [{"userAgent": "foo"}]),
]  # fmt: skip


def rule(detection: str, *, title: str = "A thing was done", condition: str = "selection") -> str:
    """A whole Sigma rule around the lines of its detection."""
    body = "\n".join(f"  {line}" for line in detection.splitlines())
    return f"{HEAD.format(title=title)}detection:\n{body}\n  condition: {condition}\n"


def selected(selection: str) -> str:
    """The same for one selection."""
    return rule("selection:\n" + "\n".join(f"  {line}" for line in selection.splitlines()))


def written(folder: Path, text: str, name: str = "some_rule.yml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def hits(rules: list[Detection], records: list[dict[str, Any]]) -> set[tuple[str, int]]:
    """Which rule finds which record, by number, in one scan of the real view."""
    bodies = [trails.record(number, eventID=f"e{number}", **change) for number, change in enumerate(records)]
    with Engine(threads=1) as engine:
        engine.table("raw_events", decode.records(bodies))
        sessions.resolve(engine, aliases={})
        context.build(engine)
        found = evaluate(engine, rules, history=False)
    assert not found.not_run
    return {(row["detection"], int(row["event_id"][1:])) for row in found.hits.to_pylist()}


def test_selections_find_what_sigma_means(tmp_path) -> None:
    detections, records, expected = [], [], set()
    for number, (selection, found, left) in enumerate(RULES):
        (one,) = from_sigma([written(tmp_path, selected(selection), f"rule_{number}.yml")])
        assert one.detection, one.reason
        detections.append(one.detection)
        expected |= {(one.detection.id, len(records) + place) for place in range(len(found))}
        records += [*found, *left]
    told = hits(detections, records)
    at = 0
    for number, (selection, found, left) in enumerate(RULES):
        mine = {place for name, place in told if name == f"rule-{number}" and at <= place < at + len(found) + len(left)}
        assert mine == set(range(at, at + len(found))), selection
        at += len(found) + len(left)


@pytest.mark.parametrize(
    ("detection", "condition", "found", "left"),
    [
        ("selection:\n  eventName: A\nfilter:\n  errorCode: Denied", "selection and not filter",
         [{"eventName": "A"}, {"eventName": "A", "errorCode": "Other"}], [{"eventName": "A", "errorCode": "Denied"}, {}]),
        ("one_a:\n  eventName: A\none_b:\n  eventName: B\nnot_me:\n  userAgent|contains: me", "1 of one_* and not not_me",
         [{"eventName": "A"}, {"eventName": "B"}], [{"eventName": "A", "userAgent": "it is me"}, {"eventName": "C"}]),
        ("a:\n  - eventName: A\n    errorCode: x\n  - eventName: B\nb:\n  readOnly: true", "all of them",
         [{"eventName": "A", "errorCode": "x"}, {"eventName": "B"}], [{"eventName": "A"}, {"eventName": "B", "readOnly": False}]),
        ("a:\n  eventName: A\nb:\n  requestParameters.x: 1", "not (a or b)",
         [{}, {"requestParameters": None}], [{"eventName": "A"}, {"requestParameters": {"x": 1}}]),
    ],
)  # fmt: skip
def test_conditions_join_and_negate(tmp_path, detection, condition, found, left) -> None:
    (one,) = from_sigma([written(tmp_path, rule(detection, condition=condition))])
    assert one.detection, one.reason
    assert {place for _, place in hits([one.detection], [*found, *left])} == set(range(len(found)))


def test_a_translated_rule_is_a_lawful_file_whose_cases_hold(tmp_path) -> None:
    sigma = [
        written(tmp_path, selected(selection), f"rule_{number}.yml") for number, (selection, _, _) in enumerate(RULES)
    ]
    made = tmp_path / "made"
    made.mkdir()
    plain = 0
    for one in from_sigma(sigma):
        assert one.detection
        if {case.fires for case in one.detection.cases} == {True, False}:
            plain += 1
            (made / f"{one.detection.id}.toml").write_text(one.text)
            assert parse(one.text, name=one.detection.id).where == one.detection.where
    # A pattern has no example that could be read off it; all others prove themselves.
    assert plain >= len(RULES) - 4
    broken = [str(problem) for problem in check(made) if problem.law != "cases"]
    assert broken == []
    outcomes = cases.run(catalogue.lawful([made]).detections)
    wrong = {outcome.detection for outcome in outcomes if not outcome.right}
    assert len(wrong) <= 3, wrong


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (selected("eventNaem: A"), "some_rule.yml:13:5: a CloudTrail event has no field 'eventNaem' that is kept; the nearest is 'eventName'"),
        (selected("eventTime|gt: 5"), "eventTime is a time"),
        (selected("userAgent|nosuch: a"), "nosuch"),
        (selected("userAgent|expand: '%admins%'"), "placeholder"),
        (selected("userAgent|re: '(unclosed'"), "invalid"),
        (selected("userAgent|re: '(?<!x)y'"), "invalid"),
        (selected("requestParameters.a\"b: x"), "not the name of a parameter"),
        (rule("keywords:\n  - mimikatz", condition="keywords"), "names no field"),
        (rule("selection:\n  eventName: A", condition="selection | count() > 5"), "some_rule.yml"),
        (rule("selection:\n  eventName: A", condition="nothing"), "nothing"),
        (selected("eventName: A").replace("cloudtrail", "guardduty"), "for another log (product aws, service guardduty)"),
        (selected("eventName: A").replace("product: aws", "product: windows"), "for another log"),
        ("title: x\ncorrelation:\n  type: event_count\n  rules: [a]\n  group-by: [userName]\n  timespan: 5m\n  condition:\n    gte: 5\n", "a correlation of rules"),
        ("title: [", "some_rule.yml"), ("- just\n- a list\n", "holds no Sigma rule"), ("", "holds no Sigma rule"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_named(tmp_path, text, told) -> None:
    found = from_sigma([written(tmp_path, text)])
    assert [one.detection for one in found if one.detection] == []
    assert told in " | ".join(one.reason for one in found)


def test_several_rules_of_one_file_stand_alone(tmp_path) -> None:
    text = "---\n".join([rule("selection:\n  eventName: A", title="First Thing"),
                         rule("selection:\n  nope: A", title="Second"), rule("selection:\n  eventName: B", title="Third {x}")])  # fmt: skip
    found = from_sigma([written(tmp_path, text)])
    assert [one.detection.id if one.detection else "" for one in found] == ["first-thing", "", "third-x"]
    assert "nope" in found[1].reason


def test_a_folder_of_the_configuration_loads_sigma_beside_its_own(tmp_path, trail) -> None:
    written(tmp_path, selected("eventName: ListUsers"), "aws_list_users.yml")
    written(tmp_path, selected("nope: A"), "aws_nope.yaml")
    loaded = catalogue.load(Config(rules=Rules(folders=[str(tmp_path)])))
    assert loaded["aws-list-users"].severity == "high"
    assert loaded["aws-list-users"].attack == ("T1562.008",)
    assert [Path(one.path).name for one in loaded.broken] == ["aws_nope.yaml"]
    assert "nope" in loaded.broken[0].error
    found = trail.backtest(str(tmp_path / "aws_list_users.yml"), start="2026-01-10")
    assert found.days[0].hits == 8


def test_without_pysigma_the_extra_is_named(tmp_path, monkeypatch) -> None:
    written(tmp_path, selected("eventName: ListUsers"))
    for name in [name for name in sys.modules if name.startswith("trailwatch.detect.sigma")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sigma", None)
    monkeypatch.setitem(sys.modules, "sigma.collection", None)
    loaded = catalogue.load(Config(rules=Rules(folders=[str(tmp_path)])))
    assert "trailwatch-cloudtrail[sigma]" in loaded.broken[0].error
    assert len(loaded) > 30


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_no_text_gets_out_of_its_quotes(text) -> None:
    import tomllib

    assert tomllib.loads(f"a = {quoted(text)}")["a"] == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "replace"
    )
    if "\r" not in text:
        assert tomllib.loads(f"a = {block('x' + text + 'x')}")["a"] == f"x{text}x\n"
    assert slug(text) == "" or slug(slug(text)) == slug(text)
    if "\x00" not in text:
        with Engine(threads=1) as engine:
            assert engine.rows(f"select {sql_text(text)}") == [(text,)]


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=20))
def test_a_hostile_value_stays_a_value(bench, tmp_path_factory, text) -> None:
    import yaml

    document = yaml.safe_load(selected("userAgent: x"))
    document["detection"]["selection"] = {"userAgent|contains": text, "requestParameters.name": text}
    document["title"] = text
    (one,) = from_sigma([written(tmp_path_factory.mktemp("sigma"), yaml.safe_dump(document))])
    if one.detection is None:  # a title of spaces alone is none
        return
    told = [str(problem) for problem in problems(one.detection, bench, text=one.text) if problem.law != "cases"]
    assert told == []


@pytest.fixture(scope="module")
def bench():
    with Bench() as one:
        yield one
