"""The exercise after thirty simulated days of its account: the model alone, that reads nothing but profiles."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from trailwatch.engine import Engine
from trailwatch.ingest.collect import ingest
from trailwatch.model.score import Scores, score
from trailwatch.profile import baseline
from trailwatch.profile.settle import settle
from trailwatch.scorecard.field import put
from trailwatch.scorecard.organization import Identity, organizations
from trailwatch.scorecard.records import Record, record
from trailwatch.scorecard.routine import Mood, day_of
from trailwatch.simulate.chance import dice
from trailwatch.store.schema import IDENTITY_DAYS
from trailwatch.store.tables import Store

ACCOUNT, ATTACKER, DAY = "123837392027", "bert-jan", date(2023, 7, 10)
PRINCIPAL_ID = "AIDATFQR7NSC5AU2ZV3IE"
SEED, DAYS = 5, 30


def _people() -> Iterator[Identity]:
    everybody = [one for one in organizations(SEED, size=0.3) if not one.sparse]
    for place, one in enumerate(everybody):
        moved = replace(one, account=ACCOUNT, since=date(2023, 1, 1), until=date(2099, 1, 1), volume=one.volume / 2)
        # One of the users with a key is the one whose name the attack goes by.
        known = one.trade == "batch" and all(other.trade != "batch" for other in everybody[:place])
        yield replace(moved, role=ATTACKER) if known else moved


def _as_published(made: Record) -> Record:
    # A user made again under an old name would be another one.
    who = made["userIdentity"]
    return {**made, "userIdentity": {**who, "principalId": PRINCIPAL_ID}} if who.get("userName") == ATTACKER else made


@pytest.fixture(scope="module")
def scores(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Scores:
    folder = tmp_path_factory.mktemp("invictus")
    people = list(_people())
    for back in range(DAYS, -1, -1):
        day = DAY - timedelta(days=back)
        put(folder, day, [_as_published(record(dice(SEED, who.name, day, "records"), moment))
                          for who in people for moment in day_of(SEED, who, day, Mood())])  # fmt: skip
    shutil.copytree(shared_data / "invictus", folder, dirs_exist_ok=True)
    store = Store.open(str(folder / "store"), create=True)
    ingest(store, str(folder / "AWSLogs"))
    settle(store)
    with Engine() as engine:
        baseline.show(store, engine, day=DAY)
        engine.execute("create or replace view activity as from activity_window")
        store.show(engine, IDENTITY_DAYS.name, days=(DAY - timedelta(days=baseline.WINDOW), DAY))
        return score(engine, day=DAY)


def test_the_attacking_user_is_the_first_anomaly_of_the_day(scores: Scores) -> None:
    assert len(scores.ranking) > 20
    assert scores.anomalies[0].person == ATTACKER
    assert scores.ranking[0].person == ATTACKER
    assert scores.anomalies[0].reasons
