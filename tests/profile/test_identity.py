"""Whom a text names, and what the profile of that identity says."""

from __future__ import annotations

from datetime import date

import pytest

from trailwatch.config import Config, Organization, Person
from trailwatch.errors import StoreError
from trailwatch.profile.identity import Profile, profiles
from trailwatch.profile.settle import settle
from trailwatch.store.tables import Store

DAY = date(2026, 2, 2)
ALICE = "111122223333/user/alice"
DEPLOY = "111122223333/role/deploy"
ADMIN = "111122223333/role/AWSReservedSSO_Admin"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Store:
    """Five weeks: alice by key on weekdays and by a role once, bob by single sign-on, a name with an escape in it."""
    from importlib.util import module_from_spec, spec_from_file_location

    spec = spec_from_file_location("profile_conftest", request.path.parent / "conftest.py")
    helpers = module_from_spec(spec)
    spec.loader.exec_module(helpers)
    records = helpers.Records()
    items = [records.call(f"2026-01-{day:02d}T08:15") for day in range(5, 31) if date(2026, 1, day).weekday() < 5]
    items += [
        records.call("2026-01-30T08:20", "RunInstances", errorCode="AccessDenied"),
        records.assume("2026-01-30T09:00", "ASIADEPLOYEXAMPLE001"),
        records.use("2026-01-30T09:10", "ASIADEPLOYEXAMPLE001", issued="2026-01-30T09:00"),
        records.use("2026-01-30T10:00", "ASIAADMINEXAMPLE0001", issued="2026-01-30T09:59",
                    role="AWSReservedSSO_Admin_0123456789abcdef", session="bob@example.com"),
        records.call("2026-01-30T11:00", userIdentity={
            "type": "IAMUser", "principalId": "AIDAEVILEXAMPLE00001", "accountId": "111122223333",
            "arn": "arn:aws:iam::111122223333:user/e\x1b[31mvil", "userName": "e\x1b[31mvil"}),
    ]  # fmt: skip
    store = Store.open(str(tmp_path_factory.mktemp("identity") / "store"), create=True)
    store.append("events", helpers.decode.records(items))
    settle(store)
    return store


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("alice", [("person", "alice")]),
        ("ALICE", [("person", "alice")]),
        (ALICE, [("principal", ALICE)]),
        ("arn:aws:iam::111122223333:user/alice", [("principal", ALICE)]),
        ("arn:aws:iam::111122223333:user/team/blue/alice", [("principal", ALICE)]),
        ("AKIAALICEEXAMPLE0001", [("principal", ALICE)]),
        ("AIDAALICEEXAMPLE0001", [("principal", ALICE)]),
        ("deploy", [("principal", DEPLOY)]),
        ("arn:aws:iam::111122223333:role/service/deploy", [("principal", DEPLOY)]),
        ("ASIADEPLOYEXAMPLE001", [("principal", DEPLOY)]),
        ("bob@example.com", [("person", "bob@example.com")]),
        ("bob", [("person", "bob@example.com")]),
        ("AWSReservedSSO_Admin_0123456789abcdef", [("principal", ADMIN)]),
        ("Admin", [("principal", ADMIN)]),
        ("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/bob@example.com",
         [("person", "bob@example.com")]),
    ],
)  # fmt: skip
def test_names_arns_keys_roles_and_addresses_are_found(store, text, expected):
    found = profiles(store, text, day=DAY)
    assert [(one.subject.kind, one.subject.value) for one in found] == expected


def test_an_unknown_name_offers_near_ones(store):
    with pytest.raises(StoreError, match=r"no identity is called 'alise'.*alice"):
        profiles(store, "alise", day=DAY)


def test_an_empty_store_says_what_to_do(tmp_path):
    with pytest.raises(StoreError, match="trailwatch ingest"):
        profiles(Store.open(str(tmp_path), create=True), "alice", day=DAY)


@pytest.fixture(scope="module")
def alice(store) -> Profile:
    config = Config(
        networks={"office": ["198.51.100.0/28"]}, people={"alice": Person(time_zone="Europe/Berlin")},
        organization=Organization(accounts={"111122223333": "prod"}),
    )  # fmt: skip
    (found,) = profiles(store, "alice", day=DAY, config=config)
    return found


def values(profile: Profile, dimension: str) -> list[tuple[str, int, int]]:
    return [(one.value, one.events, one.days) for one in profile.used.get(dimension, [])]


def test_a_profile_says_what_where_with_what_and_as_whom(alice):
    assert values(alice, "service") == [("ec2", 22, 20), ("sts", 1, 1)]
    assert values(alice, "action") == [
        ("ec2:DescribeInstances", 20, 20),
        ("ec2:RunInstances", 2, 1),
        ("sts:AssumeRole", 1, 1),
    ]
    assert values(alice, "denied") == [("ec2:RunInstances", 1, 1)]
    assert values(alice, "principal") == [(ALICE, 22, 20), (DEPLOY, 1, 1)]
    assert values(alice, "role") == [(DEPLOY, 1, 1)]
    assert values(alice, "address") == [("198.51.100.0/24", 23, 20)]
    assert values(alice, "key")[0][0] == "AKIAALICEEXAMPLE0001"
    assert alice.networks == {"198.51.100.0/24": "office"}


def test_a_profile_says_how_much_when_and_how_regularly(alice):
    assert [(one.measure, one.median, one.mad, one.most) for one in alice.amounts] == [
        ("events", 1, 0, 4), ("writes", 0, 0, 2), ("denied", 0, 0, 1), ("actions", 1, 0, 4)]  # fmt: skip
    assert (alice.rhythm.first_seen, alice.rhythm.last_seen) == (date(2026, 1, 5), date(2026, 1, 30))
    assert (alice.rhythm.active_days, alice.rhythm.usual_gap, alice.rhythm.longest_gap, alice.rhythm.gap) == (
        20,
        1,
        3,
        3,
    )
    assert alice.time_zone == "Europe/Berlin"
    assert [hour for hour, count in enumerate(alice.hours) if count >= 4] == [9, 33, 57, 81, 105]
    assert alice.weeks == 4


def test_a_role_says_who_used_it(store):
    (deploy,) = profiles(store, "deploy", day=DAY)
    assert values(deploy, "person") == [("alice", 1, 1)]


def test_only_what_came_before_the_day_counts(store):
    (early,) = profiles(store, "alice", day=date(2026, 1, 6))
    assert values(early, "action") == [("ec2:DescribeInstances", 1, 1)]
    assert early.rhythm.active_days == 1


def test_the_page_names_zones_networks_and_accounts(alice):
    page = alice.text()
    assert page.startswith("alice  (person)\n")
    assert "198.51.100.0/24 [office] 20d" in page
    assert "111122223333 [prod] 20d" in page
    assert "hours     Europe/Berlin, 4 weeks" in page
    assert "2026-01-05 to 2026-01-30, active on 20 days" in page
    assert all(len(line) <= 110 for line in page.splitlines())
    assert page == str(alice)


def test_long_lists_are_cut_and_say_so_unless_all_is_wanted(alice):
    many = alice.used["action"] * 3
    long = type(alice)(alice.subject, alice.day, alice.window, alice.rhythm, used={"action": many})
    assert "and 3 more" in long.text()
    assert "more" not in long.text(every=True)


def test_control_characters_of_a_log_do_not_reach_the_terminal(store):
    (evil,) = profiles(store, "AIDAEVILEXAMPLE00001", day=DAY)
    assert "\x1b" in evil.subject.value
    assert "\x1b" not in evil.text()
    assert "e·[31mvil" in evil.text()
