"""The context of events: shifts in the person's zone, networks, last days, partners, and what history knows."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pyarrow as pa
import pytest

from trailwatch.config import Config
from trailwatch.detect import context
from trailwatch.errors import ConfigError

if TYPE_CHECKING:
    from trailwatch.engine import Engine

NETWORKS = {
    "office": ["198.51.100.0/24", "2001:db8:1::/48", "vpce-0office"],
    "wide": ["198.51.0.0/16"],
    "lab": ["10.0.0.0/8"],
}


def config(**values: Any) -> Config:
    return msgspec.convert(values, Config)


def column(engine: Engine, name: str) -> list[Any]:
    return [value for (value,) in engine.rows(f"select {name} from scope order by event_id")]


def shifts_at(engine: Engine, kit: Any, times: list[str], **person: Any) -> list[str]:
    kit.show(engine, [kit.record(eventTime=moment) for moment in times])
    context.build(engine, config(people={"alice": person}))
    return column(engine, "shift")


def test_neutral_without_configuration_and_store(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    assert context.build(engine) is False
    row = engine.query("select * from scope").to_pylist()[0]
    told = {name: row[name] for name in context.COLUMNS}
    assert told == {
        "local_time": kit.start.replace(tzinfo=None), "time_zone": "", "shift": "", "network": "", "network_rule": "",
        "ended": False, "account_name": "", "partner": True, "history": False, "days_known": 0, "person_days_known": 0,
        "principal_gap": None, "person_gap": None, "key_gap": None, "principal_rhythm": None, "person_rhythm": None,
        "key_rhythm": None, "hour_share": None, "asn": "", "country": "",
    }  # fmt: skip
    attributed = {name for (name,) in engine.rows("select column_name from (describe attributed)")}
    assert attributed | set(context.COLUMNS) | {"who"} == set(row)


def test_shifts_follow_daylight_saving(engine: Engine, kit: Any) -> None:
    # Berlin is at +1 until 29 March 2026, then at +2; both Fridays and Mondays are at 09:00-18:00 local time.
    times = ["2026-03-27T07:59:59Z", "2026-03-27T08:00:00Z", "2026-03-27T16:59:59Z", "2026-03-27T17:00:00Z",
             "2026-03-30T06:59:59Z", "2026-03-30T07:00:00Z", "2026-03-30T15:59:59Z", "2026-03-30T16:00:00Z",
             "2026-03-29T10:00:00Z"]  # fmt: skip
    found = shifts_at(engine, kit, times, time_zone="Europe/Berlin", shifts=["mon-fri 09:00-18:00"])
    assert found == ["out", "in", "in", "out", "out", "in", "in", "out", "out"]


def test_overnight_shifts_belong_to_the_day_on_which_they_begin(engine: Engine, kit: Any) -> None:
    times = [
        "2026-03-14T21:59:00Z",
        "2026-03-14T22:00:00Z",
        "2026-03-15T05:59:00Z",
        "2026-03-15T06:00:00Z",
        "2026-03-15T22:30:00Z",
    ]
    person = {"time_zone": "UTC", "shifts": ["sat 22:00-06:00"]}
    assert shifts_at(engine, kit, times, **person) == ["out", "in", "in", "out", "out"]
    assert shifts_at(engine, kit, times, **person, holidays=[date(2026, 3, 14)]) == ["out"] * 5
    # Sunday is the holiday: the shift that began on Saturday goes on.
    assert shifts_at(engine, kit, times, **person, holidays=[date(2026, 3, 15)]) == ["out", "in", "in", "out", "out"]


def test_on_call_is_a_shift_and_ends_with_its_last_day(engine: Engine, kit: Any) -> None:
    times = ["2026-03-14T02:00:00Z", "2026-03-15T21:59:00Z", "2026-03-15T23:30:00Z"]
    duty = [{"from": date(2026, 3, 14), "to": date(2026, 3, 15)}]
    person = {"time_zone": "Europe/Berlin", "shifts": ["mon-fri 09:00-18:00"], "on_call": duty}
    assert shifts_at(engine, kit, times, **person) == ["in", "in", "out"]


def test_no_shift_no_zone_no_word(engine: Engine, kit: Any) -> None:
    assert shifts_at(engine, kit, ["2026-03-14T02:00:00Z"], time_zone="UTC") == [""]
    assert shifts_at(engine, kit, ["2026-03-14T02:00:00Z"], shifts=["mon-fri 09:00-18:00"]) == [""]


def test_groups_give_what_a_person_does_not_say(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record(**kit.by("bob"))])
    context.build(engine, config(
        people={"alice": {"shifts": ["sun 09:00-10:00"]}},
        groups={"all": {"members": ["alice", "b*"], "time_zone": "UTC", "shifts": ["wed 09:00-18:00"]}}))  # fmt: skip
    assert column(engine, "shift") == ["out", "in"]
    assert column(engine, "time_zone") == ["UTC", "UTC"]


@pytest.mark.parametrize(
    ("change", "rule", "network"),
    [
        ({}, "inside", "office"),
        ({"sourceIPAddress": "203.0.113.9"}, "outside", ""),
        ({"sourceIPAddress": "198.51.7.1"}, "outside", "wide"),
        ({"sourceIPAddress": "::ffff:198.51.100.9"}, "inside", "office"),
        ({"sourceIPAddress": "2001:db8:1::7"}, "inside", "office"),
        ({"sourceIPAddress": "10.1.2.3", "vpcEndpointId": "vpce-0office"}, "inside", "office"),
        ({"sourceIPAddress": "10.1.2.3", "vpcEndpointId": "vpce-0stranger"}, "outside", "lab"),
        (
            {
                "sourceIPAddress": "cloudformation.amazonaws.com",
                "userIdentity__invokedBy": "cloudformation.amazonaws.com",
            },
            "",
            "",
        ),
        ({"sourceIPAddress": "AWS Internal"}, "", ""),
    ],
)
def test_declared_networks(engine: Engine, kit: Any, change: dict[str, Any], rule: str, network: str) -> None:
    kit.show(engine, [kit.record(**change)])
    context.build(engine, config(networks=NETWORKS, people={"alice": {"networks": ["office"]}}))
    assert (column(engine, "network_rule"), column(engine, "network")) == ([rule], [network])


def test_networks_of_a_principal_by_the_longest_pattern(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record("role-call"), kit.record()])
    principal = engine.rows("select principal from attributed where event_id = 'e0'")[0][0]
    context.build(
        engine,
        config(networks=NETWORKS, principals={"*/role/*": {"networks": ["lab"]}, principal: {"networks": ["wide"]}}),
    )
    assert column(engine, "network_rule") == ["inside", ""]


@pytest.mark.parametrize(
    ("moment", "ended"),
    [("2026-03-31T21:59:59Z", False), ("2026-03-31T22:00:00Z", True), ("2026-04-02T10:00:00Z", True)],
)
def test_the_last_day_is_inclusive_in_the_persons_zone(engine: Engine, kit: Any, moment: str, ended: bool) -> None:
    kit.show(engine, [kit.record(eventTime=moment)])
    context.build(engine, config(people={"alice": {"until": date(2026, 3, 31), "time_zone": "Europe/Berlin"}}))
    assert column(engine, "ended") == [ended]


@pytest.mark.parametrize("aliases", [["ALICE"], ["111122223333/user/alice"], ["arn:aws:iam::111122223333:user/alice"]])
def test_the_last_day_holds_under_every_alias(engine: Engine, kit: Any, aliases: list[str]) -> None:
    people = config(people={"contractor@example.com": {"until": date(2026, 3, 1), "aliases": aliases}})
    kit.show(engine, [kit.record(), kit.record(**kit.by("bob"))], aliases=people.aliases())
    context.build(engine, people)
    assert column(engine, "ended") == [True, False]


def test_the_last_day_holds_for_a_name_in_the_session_and_for_principals(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record("role-call"), kit.record("sso-call")])
    session = engine.rows("select session_name, principal from attributed order by event_id")
    context.build(engine, config(people={session[0][0]: {"until": date(2026, 1, 1)}}))
    assert column(engine, "ended") == [True, session[0][0].lower() == session[1][0].lower()]
    context.build(engine, config(principals={session[1][1]: {"until": date(2026, 1, 1)}}))
    assert column(engine, "ended") == [False, True]


def test_accounts_own_partner_and_foreign(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record("cross-account-assume")])
    caller = engine.rows("select identity_account_id from attributed where event_id = 'e1'")[0][0]
    assert caller != "111122223333"
    context.build(engine)
    assert column(engine, "partner") == [True, False]
    context.build(engine, config(organization={"partners": [caller], "accounts": {"111122223333": "prod"}}))
    assert column(engine, "partner") == [True, True]
    assert column(engine, "account_name") == ["prod", "prod"]
    assert engine.rows("select own_account('111122223333'), own_account($c), known_account($c), own_account(null)", c=caller) == [
        (True, False, True, False)]  # fmt: skip
    text = '{"AWS": ["arn:aws:iam::999988887777:root", "111122223333", "999988887777"], "n": 1234567890123}'
    assert engine.rows("select foreign_accounts($t), foreign_accounts(null)", t=text) == [(["999988887777"], [])]


def test_history_gives_days_gaps_and_rhythm(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record(), kit.record(at=timedelta(hours=2)), kit.record(**kit.by("bob"))])
    engine.table(
        "seen",
        kit.seen(
            {"dimension": "account", "value": "111122223333"}, {"dimension": "key", "value": "AKIAEXAMPLEALICE0001"}
        ),
    )
    engine.build("rhythm", day=date(2026, 3, 11))
    assert context.build(engine, day=date(2026, 3, 11)) is True
    assert column(engine, "history") == [True] * 3
    assert column(engine, "days_known") == [28, 28, 0]
    gaps = column(engine, "principal_gap")
    assert gaps[0] == gaps[1] is not None
    assert gaps[0] > 1
    assert gaps[2] is None
    assert column(engine, "key_gap")[0] == gaps[0]
    assert column(engine, "principal_rhythm") == [1.0, 1.0, None]


def test_the_share_of_the_hour_needs_four_weeks_and_the_same_zone(engine: Engine, kit: Any) -> None:
    habits = pa.table({"kind": ["person"] * 2, "value": ["alice", "bob"], "time_zone": ["UTC"] * 2, "hour_of_week": [58] * 2,
                       "weeks": [8, 3], "share": [0.25, 0.5]})  # fmt: skip
    kit.show(engine, [kit.record(), kit.record(**kit.by("bob")), kit.record(at=timedelta(hours=1))])
    engine.table("habits", habits)
    context.build(engine)
    assert column(engine, "hour_share") == [0.25, None, None]


def test_a_database_that_is_not_there_is_an_error(engine: Engine, kit: Any) -> None:
    kit.show(engine, [kit.record()])
    with pytest.raises(ConfigError, match="asn_database"):
        context.build(engine, config(model={"asn_database": "/nowhere.mmdb"}))


def test_scope_may_be_built_again(engine: Engine, kit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.show(engine, [kit.record()])
    context.build(engine)
    monkeypatch.setattr(context, "KEPT", 0)
    context.build(engine)
    context.build(engine, config(people={"alice": {"until": date(2026, 1, 1)}}))
    assert column(engine, "ended") == [True]
    monkeypatch.setattr(context, "KEPT", 10)
    context.build(engine)
    assert column(engine, "ended") == [False]
