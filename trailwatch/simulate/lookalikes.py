"""What looks like an attack and is none: a night on call, a key rotation, a journey, a quarterly job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from trailwatch.simulate import callers, habits, incidents, users, workloads
from trailwatch.simulate.chance import dice
from trailwatch.simulate.people import PEOPLE, address
from trailwatch.simulate.records import Record, american, call
from trailwatch.simulate.spans import Span
from trailwatch.simulate.stock import OFFICE, PROD
from trailwatch.simulate.story import QUIET, Chapter, days

_PEOPLE = {person.email: person for person in PEOPLE}


def on_call(seed: int, day: date) -> Iterator[Record]:
    """Erin is called at night and restarts what hangs, from home and with her usual tools."""
    chance = dice(seed, "story", "on-call", day)
    person = _PEOPLE["erin@example.com"]
    at = habits.local(day, 2.05, person.zone)
    where = address(person, "home", day.toordinal() // 21)
    caller, entry = callers.sso(
        chance,
        at,
        email=person.email,
        account=PROD,
        permission_set="Operations",
        address=where,
        client="cli",
        system="mac",
    )
    yield callers.portal(chance, at - timedelta(seconds=30), email=person.email, address=where, system="mac")
    yield from entry
    steps = """monitoring:DescribeAlarms ecs:DescribeServices elasticloadbalancing:DescribeTargetHealth ec2:DescribeInstances logs:FilterLogEvents ec2:DescribeInstanceStatus ec2:RebootInstances ec2:DescribeInstanceStatus
     ecs:UpdateService ecs:DescribeServices monitoring:GetMetricData rds:DescribeDBInstances rds:RebootDBInstance rds:DescribeEvents elasticloadbalancing:DescribeTargetHealth monitoring:DescribeAlarms"""
    for api in steps.split():
        at += timedelta(seconds=chance.randrange(60, 480))
        yield call(chance, min(at, habits.local(day, 3.48, person.zone)), caller, api)


def rotation(seed: int, day: date) -> Iterator[Record]:
    """The owner runs the rotation of svc-reports: it makes its own new key and, two days later, sets the old one inactive."""
    chance = dice(seed, "story", "rotation", day)
    old, new = users.reports_key(users.ROTATED), users.reports_key(users.ROTATED + timedelta(days=1))
    at = habits.local(day, 10.3, "Europe/Berlin")
    fresh = callers.user(PROD, "svc-reports", f"{OFFICE}.40", "boto3", key=new)
    if day == users.ROTATED:
        made = {
            "accessKey": {"accessKeyId": new, "status": "Active", "userName": "svc-reports", "createDate": american(at)}
        }
        yield call(
            chance,
            at,
            callers.user(PROD, "svc-reports", f"{OFFICE}.40", "boto3", key=old),
            "iam:CreateAccessKey",
            params={"userName": "svc-reports"},
            answer=made,
        )
        yield call(chance, at + timedelta(seconds=50), fresh, "sts:GetCallerIdentity")
        yield call(chance, at + timedelta(seconds=55), fresh, "s3:GetBucketLocation")
    else:
        yield call(
            chance,
            at,
            fresh,
            "iam:UpdateAccessKey",
            params={"userName": "svc-reports", "accessKeyId": old, "status": "Inactive"},
        )


def journey(seed: int, day: date) -> Iterator[Record]:
    """Carol travels: her laptop, her work, a mobile network in Amsterdam, a shorter day."""
    person = _PEOPLE["carol@example.com"]
    for record in habits.person_day(seed, person, day, dense=True, weight=0.6):
        moved = record["sourceIPAddress"][:1].isdigit()
        yield {**record, "sourceIPAddress": f"77.160.18.{44 + day.day % 3}"} if moved else record


def quarter(seed: int, day: date) -> Iterator[Record]:
    """The job that runs at the quarter's start, ninety days after the last time."""
    yield from workloads.quarter_close(Span(seed, day, True))


def clean_up(seed: int, day: date) -> Iterator[Record]:
    """Grace, who read the digest, takes away what the intruder left at svc-reports."""
    chance = dice(seed, "story", "clean-up", day)
    person = _PEOPLE["grace@example.com"]
    session = habits.sessions(seed, person, day, dense=True)[0]
    at, where = session.begin - timedelta(minutes=20), session.caller.address
    caller, entry = callers.sso(
        chance,
        at,
        email=person.email,
        account=PROD,
        permission_set="AdministratorAccess",
        address=where,
        client="browser",
        system=person.system,
    )
    yield from entry
    steps: tuple[tuple[str, Record], ...] = (
        ("iam:ListAccessKeys", {"userName": "svc-reports"}),
        ("iam:ListAttachedUserPolicies", {"userName": "svc-reports"}),
        ("iam:DeleteAccessKey", {"userName": "svc-reports", "accessKeyId": incidents.intruders_key(seed)}),
        ("iam:DetachUserPolicy", {"userName": "svc-reports", "policyArn": incidents.ADMIN}),
    )
    for number, (api, params) in enumerate(steps):
        yield call(chance, at + timedelta(seconds=40 + 50 * number), caller, api, params=params)


LOOKALIKES: tuple[Chapter, ...] = (
    Chapter(
        "quarterly-job",
        "lookalike",
        days(date(2026, 7, 1), 1, 2),
        "The quarterly job runs again after ninety days",
        (f"{PROD}/role/quarter-close",),
        quarter,
    ),
    Chapter(
        "on-call-night",
        "lookalike",
        days(date(2026, 7, 26)),
        "Erin, on call, restarts services in the night",
        ("erin@example.com",),
        on_call,
    ),
    Chapter(
        "clean-up",
        "lookalike",
        days(date(2026, 7, 29)),
        "Grace removes what the intruder left at svc-reports",
        ("grace@example.com",),
        clean_up,
    ),
    Chapter(
        "travel",
        "lookalike",
        days(date(2026, 7, 29), 1),
        "Carol works from a mobile network in Amsterdam",
        ("carol@example.com",),
        journey,
    ),
    Chapter(
        "key-rotation",
        "lookalike",
        days(date(2026, 8, 6), 2),
        "svc-reports changes its own key",
        (f"{PROD}/user/svc-reports",),
        rotation,
    ),
    *(Chapter(f"quiet-{day}", "quiet", (day,), "Nothing planted", ()) for day in QUIET),
)
# Chapters that stand in the place of an ordinary day: (person or job, day).
INSTEAD = {("carol@example.com", day): "travel" for day in days(date(2026, 7, 29), 1)} | {
    ("quarter-close", day): "quarterly-job" for day in days(date(2026, 7, 1), 1, 2)
}
