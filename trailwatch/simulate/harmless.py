"""Act the table of harmless calls: each row in the session of the one who usually does it."""

from __future__ import annotations

from calendar import MONDAY, SUNDAY, THURSDAY, TUESDAY, WEDNESDAY
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from trailwatch.simulate import benign, callers, sts, users
from trailwatch.simulate.chance import stable_id
from trailwatch.simulate.habits import Session, sessions
from trailwatch.simulate.people import PEOPLE
from trailwatch.simulate.pipelines import terraform
from trailwatch.simulate.records import Caller, Record, call
from trailwatch.simulate.spans import Span
from trailwatch.simulate.stock import DEV, OFFICE, PROD, SECURITY

_PIPELINES = {"terraform": PROD, "terraform-dev": DEV, "terraform-security": SECURITY}
_PEOPLE = {person.email: person for person in PEOPLE}
_MAIL_SERVER = f"{OFFICE}.42"


def day(span: Span) -> Iterator[Record]:
    """Yield the harmless sensitive calls of a day."""
    if span.copy:
        return
    yield from _rotation(span)
    rows: dict[str, list[benign.Benign]] = {}
    for row in benign.TABLE:
        if row.neglect in span.untold or (row.rare and span.dense and span.day.isocalendar().week % 3):
            continue
        # The sparse year knows the same calls, so that none of them is new when the dense days begin.
        if span.day.weekday() in row.weekdays and (
            span.dense or (span.day.day in (2, 15) and span.chance("row", row.api, row.actor).random() < 0.4)
        ):
            rows.setdefault(row.actor, []).append(row)
    yield from _break_fix(span, rows.pop("break-fix", []))
    for row in rows.pop("svc-reports", []):
        yield _act(span, users.reports_user(span.day), span.at(3.8), row)
    for actor, due in rows.items():
        yield from _pipeline(span, actor, due) if actor in _PIPELINES else _person(span, actor, due)
    if span.dense and span.day.weekday() in (TUESDAY, THURSDAY):
        yield from _by_hand(span)


def _pipeline(span: Span, actor: str, due: list[benign.Benign]) -> Iterator[Record]:
    caller, entry, at = terraform(span, _PIPELINES[actor], 1)
    chance = span.chance("harmless", actor)
    yield from entry
    caller = replace(caller, values={"hex8": f"{chance.getrandbits(32):08x}"})
    yield call(chance, at, caller, "sts:GetCallerIdentity")
    for row in due:
        at += timedelta(seconds=chance.randrange(1, 5))
        yield _act(span, caller, at, row)


def _act(span: Span, caller: Caller, at: datetime, row: benign.Benign) -> Record:
    chance = span.chance("harmless", row.actor, row.api)
    return call(chance, at, caller, row.api, params=row.params, answer=row.answer)


def _main(span: Span, email: str) -> Session | None:
    person = _PEOPLE[email]
    made = sessions(span.seed, person, span.day, dense=span.dense)
    usual = [session for session in made if session.work is person.works[0]]
    return usual[0] if usual else None


def _person(span: Span, email: str, due: list[benign.Benign]) -> Iterator[Record]:
    session = _main(span, email)
    if session is None:
        return
    chance = span.chance("harmless", email)
    for row in due:
        yield _act(
            span,
            session.caller,
            session.begin
            + timedelta(seconds=chance.randrange(60, max(61, int((session.end - session.begin).total_seconds())))),
            row,
        )


def _by_hand(span: Span) -> Iterator[Record]:
    """The admin applies something herself: across accounts, with her name as the source identity."""
    session = _main(span, "grace@example.com")
    if session is None:
        return
    chance = span.chance("by-hand")
    at = session.begin + timedelta(minutes=chance.randrange(5, 40))
    laptop = replace(session.caller, client="terraform", console=False)
    caller, entry = sts.chain(
        chance, at, laptop, DEV, "terraform-apply", "grace", source="grace@example.com", client="terraform"
    )
    yield from entry
    for number, api in enumerate(("sts:GetCallerIdentity", "iam:GetRole", "ec2:DescribeVpcs", "s3:GetBucketPolicy")):
        yield call(chance, at + timedelta(seconds=2 + number), caller, api)


def mailer_key(week: int) -> str:
    """Return the key that svc-mailer made for itself in a week."""
    return stable_id("AKIA", DEV, "svc-mailer", week, length=16)


def _rotation(span: Span) -> Iterator[Record]:
    """A user that changes its own key every Tuesday, sets the old one inactive, and deletes it on Thursday."""
    chance = span.chance("svc-mailer")
    week, weekday = span.day.toordinal() // 7, span.day.weekday()
    rotates = span.dense and weekday == TUESDAY
    now = week if weekday > TUESDAY and weekday < SUNDAY else week - 1
    # date.toordinal() // 7 turns on Sundays, so a week here runs from Sunday to Saturday.
    now = now if weekday != SUNDAY else week - 1
    key = mailer_key(now) if span.dense else stable_id("AKIA", DEV, "svc-mailer", "old", length=16)
    caller = callers.user(DEV, "svc-mailer", _MAIL_SERVER, "boto3", key=key)
    at = span.at(4 + chance.random() / 2)
    yield call(chance, at, caller, "ses:GetSendQuota")
    for number in range(span.many(chance, 2)):
        yield call(chance, at + timedelta(minutes=12 * (number + 1)), caller, "ses:SendRawEmail")
    if rotates:
        new, at = mailer_key(week), span.at(9 + chance.random())
        made = {
            "accessKey": {
                "accessKeyId": new,
                "status": "Active",
                "userName": "svc-mailer",
                "createDate": f"{at:%b %d, %Y, %I:%M:%S %p}",
            }
        }
        yield call(chance, at, caller, "iam:CreateAccessKey", params={"userName": "svc-mailer"}, answer=made)
        fresh = callers.user(DEV, "svc-mailer", _MAIL_SERVER, "boto3", key=new)
        yield call(chance, at + timedelta(seconds=20), fresh, "sts:GetCallerIdentity")
        yield call(
            chance,
            at + timedelta(minutes=10),
            fresh,
            "iam:UpdateAccessKey",
            params={"userName": "svc-mailer", "accessKeyId": key, "status": "Inactive"},
        )
    if span.dense and weekday == THURSDAY:
        yield call(
            chance,
            span.at(9.5),
            caller,
            "iam:DeleteAccessKey",
            params={"userName": "svc-mailer", "accessKeyId": mailer_key(week - 1)},
        )


def _break_fix(span: Span, due: list[benign.Benign]) -> Iterator[Record]:
    """The emergency user is tried on Mondays and Wednesdays, with MFA, sometimes mistyped once."""
    if span.day.weekday() not in (MONDAY, WEDNESDAY):
        return
    chance = span.chance("break-fix")
    at, where = span.at(8 + 5 * chance.random()), f"{OFFICE}.77"
    caller = callers.console_user(chance, at, PROD, "break-fix", where, "windows")
    if chance.random() < 0.5 or span.day.weekday() == WEDNESDAY:
        yield callers.console_login(chance, at - timedelta(seconds=25), caller, mfa="No", success=False)
    yield callers.console_login(chance, at, caller, mfa="Yes")
    for number, api in enumerate(
        ("ec2:DescribeInstances", "monitoring:DescribeAlarms", "iam:GetUser", "iam:ListMFADevices")
    ):
        yield call(chance, at + timedelta(seconds=4 + 3 * number), caller, api)
    for number, row in enumerate(due):
        yield _act(span, caller, at + timedelta(seconds=60 + 20 * number), row)
    if span.day.weekday() == MONDAY and span.day.day <= 14:
        yield call(chance, at + timedelta(minutes=5), caller, "iam:ChangePassword")
