"""How sessions are joined: by key within its account and time, by name and second, over days, in any order."""

from __future__ import annotations

import random
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from trailwatch.engine import Engine

Read = Callable[..., list[dict[str, Any]]]
HOME, AWAY = "111122223333", "444455556666"


def test_a_service_uses_another_key_than_it_was_given(make: SimpleNamespace, attributed: Read) -> None:
    rows = attributed(
        make.assume(make.user(), "deploy", "job", "ASIADEPLOY0000000001"),
        make.record(userIdentity=make.session("deploy", "job", "ASIAOTHER00000000001", created=make.at("10:00:02"))),
        make.record(userIdentity=make.session("deploy", "job", "ASIAOTHER00000000002", created=make.at("10:00:04"))),
    )
    assert [row["person"] for row in rows] == ["alice", "alice", ""]


def test_a_key_id_that_comes_again(make: SimpleNamespace, attributed: Read) -> None:
    key = "ASIAAGAIN00000000001"
    rows = attributed(
        make.assume(make.user(), "deploy", "a", key, eventTime=make.at("08:00:00", 5)),
        make.assume(make.user("AKIABOB0000000000001", name="bob"), "audit", "b", key, account=AWAY,
                    eventTime=make.at("08:00:00", 5)),
        make.record(userIdentity=make.session("deploy", "a", key, created=make.at("08:00:00", 5)),
                    eventTime=make.at("09:00:00", 5)),
        make.record(userIdentity=make.session("audit", "b", key, account=AWAY, created=make.at("08:00:00", 5)),
                    eventTime=make.at("09:00:00", 5)),
        # Two days later the same id belongs to another session of the same account.
        make.assume(make.user("AKIADAVE000000000001", name="dave"), "deploy", "c", key, eventTime=make.at("08:00:00", 7)),
        make.record(userIdentity=make.session("deploy", "c", key, created=make.at("08:00:00", 7)),
                    eventTime=make.at("09:00:00", 7)),
        # And long after that it is nobody's.
        make.record(userIdentity=make.session("deploy", "d", key, created=make.at("08:00:00", 10)),
                    eventTime=make.at("09:00:00", 10)),
    )  # fmt: skip
    assert [row["person"] for row in rows] == ["alice", "bob", "alice", "bob", "dave", "dave", ""]


def test_a_session_that_goes_past_midnight(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    rows = attributed(
        make.assume(make.user(), "deploy", "job", "ASIADEPLOY0000000001", eventTime=make.at("23:50:00", 5)),
        *(make.record(userIdentity=make.session("deploy", "job", "ASIADEPLOY0000000001", created=make.at("23:50:00", 5)),
                      eventTime=time) for time in (make.at("23:55:00", 5), make.at("00:05:00", 6))),
    )  # fmt: skip
    assert {row["person"] for row in rows} == {"alice"}
    assert engine.rows("select count(*) from sessions") == [(3,)]
    assert engine.rows("select count(*), count(distinct credential) from links") == [(1, 1)]


def test_a_circle_ends(make: SimpleNamespace, attributed: Read) -> None:
    one, two = "ASIAONE0000000000001", "ASIATWO0000000000001"
    rows = attributed(
        make.assume(make.session("a", "x", one), "b", "y", two),
        make.assume(make.session("b", "y", two), "a", "x", one),
        make.record(userIdentity=make.session("a", "x", one)),
    )
    assert len(rows) == 3


def test_aliases_join_the_names_of_one_person(make: SimpleNamespace, attributed: Read) -> None:
    aliases = {"Alice": "alice@example.com", f"arn:aws:iam::{AWAY}:user/ops/asmith": "Alice@Example.com",
               f"{AWAY}/user/bob": "robert@example.com", "bob": "bob@example.com"}  # fmt: skip
    foreign = {"accountId": AWAY, "principalId": "AIDAX"}
    rows = attributed(
        make.record(),
        make.assume(make.user(), "deploy", "x", "ASIADEPLOY0000000001"),
        make.record(userIdentity=make.session("deploy", "x", "ASIADEPLOY0000000001"), eventTime=make.at("10:01:00")),
        make.record(userIdentity=make.user(name="asmith") | foreign | {"arn": f"arn:aws:iam::{AWAY}:user/asmith"}),
        make.record(userIdentity=make.user(name="bob")),
        make.record(userIdentity=make.user(name="bob") | foreign | {"arn": f"arn:aws:iam::{AWAY}:user/bob"}),
        make.record(userIdentity=make.user(name="carol")),
        aliases=aliases,
    )
    assert [row["person"] for row in rows] == [
        *["alice@example.com"] * 4, "bob@example.com", "robert@example.com", "carol",
    ]  # fmt: skip


def test_the_first_address_of_a_session(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    identity = make.session("web", "i-0dbc91f429e48eeed", "ASIAWEB0000000000001")
    attributed(
        make.record(userIdentity=identity, eventTime=make.at("10:05:00"), sourceIPAddress="198.51.100.9"),
        make.record(userIdentity=identity, eventTime=make.at("10:04:00"), sourceIPAddress="203.0.113.7"),
        make.record(userIdentity=identity | {"invokedBy": "s3.amazonaws.com"}, eventTime=make.at("10:03:00"),
                    sourceIPAddress="s3.amazonaws.com"),
    )  # fmt: skip
    assert engine.rows("select first_address from links") == [("203.0.113.0/24",)]
    assert engine.rows("select addresses from sessions") == [(["203.0.113.0/24", "198.51.100.0/24"],)]


def test_no_order_of_records_changes_a_tree(make: SimpleNamespace, attributed: Read, engine: Engine) -> None:
    """Random trees: no event is lost or doubled, no principal is a session, and the order of arrival is nothing."""
    chance = random.Random(7)
    roles, names = ["a", "b", "c"], ["x", "y"]
    records = []
    for _ in range(120):
        key, child = (f"ASIA{chance.randrange(12):016}" for _ in range(2))
        time = f"2026-01-0{chance.randrange(5, 8)}T{chance.randrange(24):02}:00:0{chance.randrange(6)}Z"
        account = chance.choice([HOME, AWAY])
        caller = chance.choice(
            [make.user(), make.user(key, created=time),
             make.session(chance.choice(roles), chance.choice(names), key, account=account, created=time)]
        )  # fmt: skip
        if chance.random() < 0.5:
            records.append(make.record(userIdentity=caller, eventTime=time,
                                       sessionCredentialFromConsole=chance.choice(["true", "false"])))  # fmt: skip
        else:
            records.append(make.assume(caller, chance.choice(roles), chance.choice(names), child, account=account,
                                       eventTime=time, sharedEventID=chance.choice(["", f"s{key}"])))  # fmt: skip
    records = [{"eventID": f"e{n:03}", **each} for n, each in enumerate(records)]
    first = [{**row, "ingested_at": None} for row in attributed(*records)]
    links = engine.rows("from links order by all")
    chance.shuffle(records)
    assert [{**row, "ingested_at": None} for row in attributed(*records)] == first
    assert engine.rows("from links order by all") == links
    assert all(row["principal"].count("/") == 2 for row in first)
