"""The model from activity rows to anomalies: what it finds, what it leaves alone, and whether it says why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from trailwatch.engine import Engine
from trailwatch.model.score import ModelSettings, Scores, fair, score
from trailwatch.model.scorers import fit, forget
from trailwatch.profile.columns import FEATURES, NAMES
from trailwatch.profile.features import features

Score = Callable[..., Scores]


@pytest.fixture
def engine() -> Iterator[Engine]:
    with Engine(threads=2) as one:
        yield one


def _intrude(organization: Any, day: date, person: str = "person3") -> list[str]:
    calls = ("ListUsers", "CreateUser", "CreateAccessKey", "AttachUserPolicy", "PutUserPolicy")
    return [
        organization.act(day, 2, f"user/{person}", "iam", name, person=person, address="203.0.113.0/24",
                         client="aws-cli/2 linux")
        for name in calls
    ]  # fmt: skip


def test_an_intruder_at_night_is_first_by_every_scorer_and_named_with_the_events(
    engine: Engine, organization: Any, today: date
) -> None:
    planted = _intrude(organization, today)
    found = score(organization.show(engine), day=today)
    assert [one.person for one in found.anomalies] == ["person3"]
    for scorer in ("forest", "rare", "spike", "neighbours"):
        assert found.by(scorer)[0].person == "person3"
    anomaly = found.anomalies[0]
    assert set(planted) <= set(anomaly.event_ids)
    named = {feature for reason in anomaly.reasons for feature in reason.features}
    assert {"hour_max", "address_rarity", "rare_actions"} <= named
    assert len(anomaly.reasons) <= 5
    assert all(any(digit.isdigit() for digit in reason.words) for reason in anomaly.reasons)
    by_name = {reason.name: reason for reason in anomaly.reasons}
    assert by_name["address_rarity"].what == ("203.0.113.0/24",)


def test_usual_days_stay_empty_within_the_budget(engine: Engine, organization: Any, today: date) -> None:
    days = [today - timedelta(days=back) for back in (0, 1, 3, 6)]
    organization.show(engine)
    found = [score(engine, day=day) for day in days]
    assert sum(len(one.anomalies) for one in found) <= 1
    assert sum(len(one.ranking) for one in found) > 50


def test_root_is_seen_by_the_forest_alone_though_it_was_never_used(
    engine: Engine, organization: Any, today: date
) -> None:
    organization.act(today, 10, "root", "signin", "ConsoleLogin", client="console", origin="console", read_only=False)
    organization.act(today, 10, "root", "iam", "CreateAccessKey", client="console", origin="console")
    found = score(organization.show(engine), day=today, settings=ModelSettings(scorers=("forest",)))
    assert found.ranking[0].principal.endswith("/root")
    assert found.anomalies[0].principal.endswith("/root")
    assert "root_use" in {feature for reason in found.anomalies[0].reasons for feature in reason.features}


def test_a_key_that_wakes_is_strange_and_a_quarterly_one_is_not(engine: Engine, organization: Any, today: date) -> None:
    for name, days in (("sleeper", (300, 299, 298, 296, 0)), ("quarterly", (273, 182, 91, 0))):
        for back in days:
            for source, call in (("s3", "ListBuckets"), ("ec2", "DescribeVolumes")):
                organization.act(
                    today - timedelta(days=back), 10, f"user/{name}", source, call, key=f"AKIA{name.upper()}"
                )
    found = score(organization.show(engine), day=today)
    ranks = {one.principal.rpartition("/")[2]: place for place, one in enumerate(found.ranking)}
    assert ranks["sleeper"] == 0
    asleep = NAMES.index("asleep")
    matrix = features(engine, day=today)
    rows = {str(matrix.principal[i]).rpartition("/")[2]: matrix.scaled[i] for i in range(len(matrix))}
    assert rows["sleeper"][asleep] > 5
    assert rows["quarterly"][asleep] <= 0.5


def test_two_odd_reads_a_day_add_up_within_a_week(engine: Engine, organization: Any, today: date) -> None:
    odd = ("GetAccountAuthorizationDetails", "ListAccessKeys", "ListOpenIDConnectProviders", "GetPolicyVersion",
           "ListMFADevices", "GetCredentialReport", "ListSSHPublicKeys", "ListServiceSpecificCredentials",
           "ListGroupsForUser", "ListEntitiesForPolicy")  # fmt: skip
    days = [today - timedelta(days=back) for back in (6, 5, 2, 1, 0)]
    for place, name in enumerate(odd):
        organization.act(days[place // 2], 11, "user/person5", "iam", name, person="person5", client="console",
                         address="192.0.2.0/24", origin="console")  # fmt: skip
    organization.show(engine)
    found = [any(one.person == "person5" for one in score(engine, day=day).anomalies) for day in days]
    assert any(found[:4])
    last = score(engine, day=days[-1])
    week = {feature for one in last.anomalies if one.person == "person5" for r in one.reasons for feature in r.features}
    assert "week_new" in week


def test_the_same_rows_in_another_order_and_on_other_threads_give_the_same_answer(
    organization: Any, today: date
) -> None:
    _intrude(organization, today)
    answers = []
    for threads, order in ((1, None), (2, 1), (2, 2)):
        forget()
        with Engine(threads=threads) as one:
            answers.append(score(organization.show(one, order=order), day=today))
    assert answers[0] == answers[1] == answers[2]


def test_a_stricter_budget_never_finds_more(engine: Engine, organization: Any, today: date) -> None:
    _intrude(organization, today)
    for place in range(4):
        organization.act(today, 18 + place, f"user/person{place + 4}", "s3", "ListBuckets", person=f"person{place + 4}",
                         client="console", origin="console", address="192.0.2.0/24")  # fmt: skip
    organization.show(engine)
    found = [
        {(one.principal, one.person) for one in score(engine, day=today, settings=ModelSettings(budget)).anomalies}
        for budget in (100.0, 5.0, 1e-20)
    ]
    assert found[0] >= found[1] >= found[2]
    assert len(found[0]) > len(found[2]) >= 1


def test_the_most_per_day_is_kept_and_the_rest_counted(engine: Engine, organization: Any, today: date) -> None:
    for place in range(3):
        _intrude(organization, today, f"person{place}")
    found = score(organization.show(engine), day=today, settings=ModelSettings(max_per_day=2))
    assert len(found.anomalies) == 2
    assert found.withheld == 1


def test_programs_do_not_take_the_places_of_people() -> None:
    program = [True, True, True, False, True, False]
    assert fair(range(6), program, 4) == [0, 1, 3, 5, 2, 4]
    assert fair(range(6), program, 6)[:6] == [0, 1, 2, 3, 4, 5]
    assert fair([0, 1, 2, 4], program, 3) == [0, 1, 2, 4]


def test_explanations_are_faithful(engine: Engine, organization: Any, today: date) -> None:
    _intrude(organization, today)
    organization.act(today, 14, "user/person6", "secretsmanager", "GetSecretValue", person="person6", events=90,
                     client="console", address="192.0.2.1/24", origin="console")  # fmt: skip
    for name in ("DeleteTrail", "StopLogging"):
        organization.act(today, 12, "role/job-2", "cloudtrail", name, outcome="denied", address="10.0.0.0/24")
    found = score(organization.show(engine), day=today)
    assert {one.principal.rpartition("/")[2] for one in found.anomalies} >= {"person3", "job-2"}
    matrix = features(engine, day=today)
    train = matrix.where((matrix.day < np.datetime64(today)) & (matrix.judged_from <= matrix.day))
    model = fit(train, seed=found.settings.seed)
    for anomaly in found.anomalies:
        row = next(i for i in range(len(matrix)) if matrix.day[i] == np.datetime64(today)
                   and (matrix.principal[i], matrix.person[i]) == (anomaly.principal, anomaly.person))  # fmt: skip
        scaled = matrix.scaled[row].copy()
        assert float(model.score(scaled[None])[0]) == pytest.approx(anomaly.score)
        named = [NAMES.index(name) for reason in anomaly.reasons for name in reason.features]
        scaled[named] = np.minimum(scaled[named], 0)
        assert float(model.score(scaled[None])[0]) <= found.cut
        assert anomaly.explained


def test_without_history_nothing_is_judged_and_that_is_said(engine: Engine, organization: Any, today: date) -> None:
    early = today - timedelta(days=75)
    organization.show(engine)
    found = score(engine, day=early)
    assert not found.anomalies
    assert found.why_not
    assert found.unjudged
    assert {one.since for one in found.unjudged if one.person == "person1"} <= {
        early + timedelta(days=back) for back in range(8, 15)
    }


def test_a_new_identity_is_named_as_not_judged(engine: Engine, organization: Any, today: date) -> None:
    for name in ("ListBuckets", "PutBucketPolicy"):
        organization.act(today, 10, "user/joiner", "s3", name, person="joiner", client="console")
    found = score(organization.show(engine), day=today)
    assert [(one.person, one.since) for one in found.unjudged] == [("joiner", today + timedelta(days=14))]
    assert "joiner" not in {one.person for one in found.anomalies}
    assert not next(one for one in found.ranking if one.person == "joiner").judged


def test_confirmed_incidents_are_no_training(engine: Engine, organization: Any, today: date) -> None:
    for back in range(8, 16):
        _intrude(organization, today - timedelta(days=back))
    _intrude(organization, today)
    organization.show(engine)
    principal = next(row["principal"] for row in organization.rows if row["person"] == "person3")
    excluded = [(principal, "person3", today - timedelta(days=back)) for back in range(8, 16)]
    learnt, clean = score(engine, day=today), score(engine, day=today, excluded=excluded)
    assert clean.rows == learnt.rows - len({one[2] for one in excluded})
    score_of = [next(one.score for one in found.ranking if one.person == "person3") for found in (learnt, clean)]
    assert score_of[1] > score_of[0]


def test_features_are_named_defined_and_few() -> None:
    assert len(set(NAMES)) == len(FEATURES) <= 26
    assert all(feature.meaning.endswith(".") and feature.label for feature in FEATURES)
