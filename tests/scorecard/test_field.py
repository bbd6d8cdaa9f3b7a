"""Fields: the same seed gives the same calls, and trailwatch finds the identities that the truth names."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from trailwatch.engine import Engine
from trailwatch.ingest.collect import ingest
from trailwatch.profile.settle import settle
from trailwatch.scorecard import attacks, field, lookalikes
from trailwatch.scorecard.organization import DAYS, HOLIDAYS, START, TRADES, accounts, off, organizations
from trailwatch.scorecard.records import filled, record
from trailwatch.scorecard.routine import Mood, day_of
from trailwatch.scorecard.techniques import TECHNIQUES
from trailwatch.simulate.chance import dice
from trailwatch.store.tables import Store

SEED = 4
EVERYBODY = organizations(SEED, size=0.4)
WORKDAY = date(2026, 3, 10)


def test_three_organizations_with_every_class_in_several_zones() -> None:
    for number in range(3):
        own = [one for one in EVERYBODY if one.organization == number]
        assert {one.trade for one in own} == {trade.name for trade in TRADES} | {"spare"}
        assert {one.account for one in own} <= set(accounts(SEED, number))
    assert len({one.zone for one in EVERYBODY if one.human}) > 2
    assert any(one.since > START for one in organizations(1) if one.human)
    assert any(one.until < START + timedelta(days=DAYS) for one in organizations(1))
    assert len(accounts(1, 2)) == len(set(accounts(1, 2))) == 4


def test_the_same_seed_gives_the_same_calls_and_another_seed_others() -> None:
    who = EVERYBODY[0]
    day = [list(day_of(seed, who, WORKDAY, Mood())) for seed in (SEED, SEED, SEED + 1)]
    assert day[0] == day[1] != day[2]
    assert attacks.plan(SEED, EVERYBODY) == attacks.plan(SEED, EVERYBODY)


def test_offices_close_and_joiners_leavers_and_spare_keys_keep_to_their_days() -> None:
    assert off(HOLIDAYS[0])
    closed = sum(bool(list(day_of(SEED, one, HOLIDAYS[0], Mood()))) for one in EVERYBODY if one.human)
    open_ = sum(bool(list(day_of(SEED, one, WORKDAY, Mood()))) for one in EVERYBODY if one.human)
    assert closed < open_ / 4
    spare = next(one for one in EVERYBODY if one.sparse)
    assert not list(day_of(SEED, spare, max(spare.sparse) + timedelta(days=1), Mood()))
    assert list(day_of(SEED, spare, spare.sparse[0], Mood()))
    joiner = next(one for one in organizations(1) if one.since > START)
    assert not list(day_of(1, joiner, joiner.since - timedelta(days=1), Mood()))


def test_attacks_come_after_the_quiet_days_one_to_a_victim_and_held_out_ones_stay_sealed() -> None:
    first = START + timedelta(days=attacks.TEST[0])
    for seed in (SEED, 101):
        everybody = organizations(seed)
        planned = attacks.plan(seed, everybody)
        assert all(moment.at.date() >= first for one in planned for moment in one.moments)
        victims = [one.who.name for one in planned]
        assert len(victims) == len(set(victims))
        assert {"technique", "hijack", "data pull", "slow abuse", "dormant"} == {one.kind for one in planned}
        assert any(one.held_out for one in planned) == (seed > attacks.SEALED)
        levels = {one.stealth for one in planned if one.kind == "technique"}
        assert levels == {"L0", "L1", "L2"}
    assert 4 <= sum(one.held_out for one in TECHNIQUES) <= 9


def test_a_quiet_attacker_uses_the_network_and_client_of_the_victim() -> None:
    for one in attacks.plan(1, organizations(1)):
        networks = {moment.address.rpartition(".")[0] for moment in one.moments}
        clients = {moment.client for moment in one.moments}
        if one.stealth == "L2":
            assert (networks, clients) == ({one.who.office}, {one.who.client})
            assert "network" not in one.planted
        else:
            assert not networks & {one.who.office, one.who.home}
            assert ("tool" in clients) == (one.stealth == "L0")


def test_there_is_as_much_planned_work_as_attacks() -> None:
    everybody = organizations(1)
    test = START + timedelta(days=attacks.TEST[0])
    harmless = [one for one in lookalikes.plan(1, everybody) if one.days[0] >= test]
    assert len(harmless) >= 0.8 * len(attacks.plan(1, everybody))
    assert len({one.kind for one in harmless}) >= 9


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    folder = tmp_path_factory.mktemp("field")
    made = [record(dice(SEED, who.name, WORKDAY), moment) for who in EVERYBODY[:60]
            for moment in list(day_of(SEED, who, WORKDAY, Mood()))[:6]]  # fmt: skip
    field.put(folder, WORKDAY, made)
    store = Store.open(str(folder / "store"), create=True)
    account = ingest(store, str(folder / "AWSLogs"))
    assert account.events == len(made)
    settle(store)
    return store


def test_trailwatch_finds_the_identities_that_the_truth_names(store: Store) -> None:
    expected = {(one.principal, one.person) for one in EVERYBODY[:60] if list(day_of(SEED, one, WORKDAY, Mood()))}
    with Engine() as engine:
        store.show(engine, "activity")
        found = set(engine.rows("select distinct principal, person from activity"))
    assert found == expected
    assert {person for _, person in found} > {""}


def test_words_of_an_attack_are_filled_in() -> None:
    for technique in TECHNIQUES:
        for act in technique.acts:
            text = str(filled(act.params or {}, "111122223333"))
            assert not {"NUMBER", "ACCOUNT", "'INSTANCE'"} & {
                word for word in ("NUMBER", "ACCOUNT", "'INSTANCE'") if word in text
            }


def test_a_field_is_written_with_its_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "DAYS", 2)
    written = field.write(tmp_path, seed=SEED, size=0.1)
    assert written.events > 500
    assert (tmp_path / "trailwatch.toml").read_text().startswith("[organization.accounts]")
    assert any(one.benign for one in written.planted)
    assert len(list((tmp_path / "AWSLogs").rglob("*.json.gz"))) > 5
