"""Session trees of invented chains: across accounts, through the console, through keys that were made, with gaps."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from investigate.conftest import INTRUDER, MADE
from meaning.conftest import AWAY, HOME, KEY, assume, at, record, session, signin, user
from trails import Tree, key

import trailwatch as tw
from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.investigate.desk import Desk
from trailwatch.investigate.lineage_page import tree_lines
from trailwatch.investigate.tree import Node, arrange, folded, path, under

FIRST, SECOND, THIRD, FOURTH = (f"ASIA{letter * 16}" for letter in "ABCD")
OTHER = "AKIAOTHEROTHEROTHER1"
Build = Callable[..., tw.Trail]


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Make a settled store of records."""

    def make(*records: dict[str, Any]) -> tw.Trail:
        tmp_path = tmp_path_factory.mktemp("chain")
        tree = Tree(tmp_path / "logs")
        tree.put(key(1), [{"eventID": f"{number:08}-0000-4000-8000-000000000000", **one}
                          for number, one in enumerate(records)])  # fmt: skip
        trail = tw.open(str(tmp_path / "store"), config=tw.Config(), create=True)
        trail.ingest(str(tree.root))
        trail.settle()
        return trail

    return make


def by(*identity: Any, minute: int = 30, event: str = "DescribeInstances", **fields: Any) -> dict[str, Any]:
    return record(userIdentity=session(*identity), eventTime=at(f"10:{minute}:00"), eventName=event, **fields)


def chain(answer: Any, id: str) -> list[str]:
    return [node.id for node in path(answer.data.nodes, id)]


@pytest.fixture(scope="module")
def across(build) -> tw.Trail:
    """A key, a role at home, a role in another account (told from both sides), and a third role from there."""
    call = assume(session("Deploy", "ci", FIRST), "Target", "ci", SECOND, account=AWAY, sharedEventID="shared-1",
                  eventTime=at("10:10:00"))  # fmt: skip
    outside = {"type": "AWSAccount", "principalId": f"AROADEPLOY{'0' * 11}:ci", "accountId": HOME}
    return build(
        record(eventTime=at("09:59:00")),
        assume(user(), "Deploy", "ci", FIRST),
        by("Deploy", "ci", FIRST),
        call,
        call | {"userIdentity": outside, "recipientAccountId": AWAY, "eventID": "ffffffff-0000-4000-8000-000000000000"},
        record(userIdentity=session("Target", "ci", SECOND, account=AWAY, created=at("10:10:00")),
               recipientAccountId=AWAY, eventTime=at("10:20:00"), eventName="RunInstances", readOnly=False,
               responseElements={"instancesSet": {"items": [{"instanceId": "i-0a"}, {"instanceId": "i-0b"}]}}),
        assume(session("Target", "ci", SECOND, account=AWAY, created=at("10:10:00")), "Deep", "ci", THIRD, account=AWAY,
               eventTime=at("10:30:00"), recipientAccountId=AWAY),
        record(userIdentity=session("Deep", "ci", THIRD, account=AWAY, created=at("10:30:00")), recipientAccountId=AWAY,
               eventTime=at("10:31:00"), eventName="TerminateInstances", readOnly=False,
               requestParameters={"instancesSet": {"items": [{"instanceId": "i-0a"}]}}),
    )  # fmt: skip


def test_a_chain_of_roles_across_accounts_is_one_tree(across) -> None:
    answer = across.lineage(THIRD)
    assert chain(answer, THIRD) == [f"{HOME}/user/alice", KEY, FIRST, SECOND, THIRD]
    assert {node.id for node in answer.data.nodes if node.asked} == {THIRD}
    down = across.lineage(KEY)
    assert chain(down, THIRD) == chain(answer, THIRD)
    assert {node.person for node in down.data.nodes} == {"alice"}


def test_what_it_made_and_what_lives(across) -> None:
    made = {one.name: one for one in across.lineage(KEY).data.created}
    assert {name: one.fate for name, one in made.items()} == {"i-0a": "removed", "i-0b": "no removal seen"}
    assert made["i-0a"].fate_by == "alice"
    assert [one.lives for one in made.values()] == [False, True]
    assert across.lineage(THIRD).data.created == [], "what was made above is not its own"


def test_a_lineage_counts_what_was_done_below(across) -> None:
    done = {(row["credential"], row["action"]): row["events"] for row in across.lineage(FIRST).used()}
    assert done == {
        (FIRST, "ec2:DescribeInstances"): 1, (FIRST, "sts:AssumeRole"): 1, (SECOND, "ec2:RunInstances"): 1,
        (SECOND, "sts:AssumeRole"): 1, (THIRD, "ec2:TerminateInstances"): 1,
    }  # fmt: skip


def test_an_event_leads_to_its_session(across) -> None:
    (found,) = across.sql("select event_id from events where event_name = 'RunInstances'")
    answer = across.lineage(found["event_id"])
    assert {node.id for node in answer.data.nodes if node.asked} == {SECOND}


def test_a_key_that_was_made_carries_the_tree_on(build) -> None:
    trail = build(
        assume(user(), "Deploy", "ci", FIRST),
        by("Deploy", "ci", FIRST, event="CreateAccessKey", eventSource="iam.amazonaws.com", readOnly=False,
           requestParameters={"userName": "bob"}, responseElements={"accessKey": {"accessKeyId": OTHER}}),
        record(userIdentity=user(OTHER, name="bob"), eventTime=at("11:00:00"), eventName="DescribeVpcs"),
        assume(user(OTHER, name="bob"), "Admin", "x", SECOND, eventTime=at("11:01:00")),
        record(userIdentity=session("Admin", "x", SECOND, created=at("11:01:00")), eventTime=at("11:02:00"),
               eventName="DescribeVpcs"),
        record(userIdentity=user(), eventTime=at("11:03:00"), eventSource="iam.amazonaws.com", readOnly=False,
               eventName="UpdateAccessKey",
               requestParameters={"userName": "bob", "accessKeyId": OTHER, "status": "Inactive"}),
    )  # fmt: skip
    for asked in (KEY, FIRST):
        answer = trail.lineage(asked)
        assert chain(answer, SECOND)[-3:] == [FIRST, OTHER, SECOND]
        assert len(list(answer.used())) >= 4
    (node,) = [node for node in trail.lineage(OTHER).data.nodes if node.id == OTHER]
    assert node.gone.startswith("switched off 2026-01-05 11:03:00 by alice")
    assert chain(trail.lineage(SECOND), SECOND) == [f"{HOME}/user/alice", KEY, FIRST, OTHER, SECOND]


def test_console_sessions_and_switched_roles(build) -> None:
    created = at("10:00:00")
    role = session("Admin", "alice", created=at("10:05:00"))
    trail = build(
        signin(user("", created=created), created),
        record(userIdentity=user(FIRST, created=created), eventTime=at("10:01:00"), sessionCredentialFromConsole="true"),
        signin(role, at("10:05:00"), "SwitchRole",
               additionalEventData={"SwitchFrom": f"arn:aws:iam::{HOME}:user/staff/alice", "RedirectTo": "x"}),
        record(userIdentity=session("Admin", "alice", SECOND, created=at("10:05:00")), eventTime=at("10:06:00"),
               sessionCredentialFromConsole="true"),
    )  # fmt: skip
    answer = trail.lineage(FIRST)
    assert chain(answer, FIRST)[0] == f"{HOME}/user/alice"
    assert "@" in chain(answer, FIRST)[-2]
    (switched,) = [node for node in trail.lineage(SECOND).data.nodes if node.id == SECOND]
    assert switched.person == "alice"
    assert f"{HOME}/user/alice" in chain(trail.lineage(SECOND), SECOND)


def test_gaps_are_shown_as_gaps(build) -> None:
    trail = build(
        by("Deploy", "ci", FIRST),
        assume(session("Gone", "x", FOURTH), "Deploy", "ci2", SECOND, eventTime=at("10:10:00")),
        by("Deploy", "ci2", SECOND, minute=40),
    )
    (node,) = [node for node in trail.lineage(FIRST).data.nodes if node.id == FIRST]
    assert node.gap == "what issued it is not in these logs"
    answer = trail.lineage(SECOND)
    assert chain(answer, SECOND)[-2:] == [FOURTH, SECOND]
    assert "GAPS" in answer.text()
    assert FOURTH in answer.text()


def test_the_intruder(trail) -> None:
    answer = trail.lineage(INTRUDER)
    assert [(one.kind, one.fate, one.fate_by) for one in answer.data.created] == [
        ("access-key", "removed", "grace@example.com"), ("user-policy", "removed", "grace@example.com")]  # fmt: skip
    secrets = {one.resource for one in answer.data.touched if one.service == "secretsmanager"}
    assert len(secrets) == 12
    assert chain(answer, MADE) == ["210987654321/federated/alice@example.com", INTRUDER, MADE]
    assert answer.df()["credential"].tolist() == chain(answer, MADE)
    told = json.loads(answer.json())
    assert [node["credential"] for node in told["tree"]] == chain(answer, MADE)
    assert "◀ asked" in answer.markdown()
    assert "default-src 'none'" in answer.html()
    assert len(answer.events()) == 45


def test_a_resource_and_an_unknown_session_are_told_what_to_do(trail) -> None:
    with pytest.raises(StoreError, match="history"):
        trail.lineage("arn:aws:s3:::bucket")
    with pytest.raises(StoreError, match="--from"):
        trail.lineage("ASIANEVERSEENNEVER00")


def test_many_sessions_alike_are_told_as_one() -> None:
    nodes = [Node("AKIA", "access-key", "1/user/a")]
    nodes += [Node(f"ASIA{number}", "assume-role", "1/role/r", parent="AKIA", events=2) for number in range(9)]
    nodes += [Node("ASIAother", "assume-role", "1/role/s", parent="AKIA")]
    told = [(depth, node.id, node.more, node.events) for depth, node in folded(arrange(nodes))]
    assert told == [(0, "AKIA", 0, 0), (1, "ASIA0", 8, 18), (1, "ASIAother", 0, 0)]
    assert len(list(tree_lines(nodes, {}, every=True))) == 11


def test_circles_end() -> None:
    nodes = [Node("a", "x", "1/role/r", parent="b"), Node("b", "x", "1/role/r", parent="a")]
    assert {node.gap for _, node in arrange(nodes)} == {"it is its own ancestor"}
    assert under(nodes, ["a"]) == {"a", "b"}
    assert [node.id for node in path(nodes, "a")] == ["b", "a"]


def test_a_long_chain_needs_no_deep_stack() -> None:
    nodes = [Node(str(number), "x", "1/role/r", parent=str(number - 1)) for number in range(5_000)]
    assert [depth for depth, _ in arrange(nodes)] == list(range(5_000))


def test_days_without_sessions_go_with_days_that_have_some(trail: tw.Trail) -> None:
    """No files and some files give the same columns in the same order."""
    with Engine() as engine:
        desk = Desk(trail.store, engine, trail.config, None)
        desk.show("sessions", desk.days, name="every_session")
        [(parent, day)] = engine.rows(
            "select parent_credential, dt from every_session where parent_credential <> '' order by all limit 1"
        )
        desk.above({parent}, ())
        assert desk.below({parent}, [day])
        assert engine.rows("select distinct parent_credential from sessions_window") == [(parent,)]
