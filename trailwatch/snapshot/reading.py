"""What an exported file holds, told by its content: kind, account, and whether more pages belong to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from trailwatch.snapshot import report, shape
from trailwatch.snapshot.export import (
    COMMANDS,
    DETAILS,
    PASSWORDS,
    REPORT,
    SUMMARY,
    TRAILS,
    USES,
    Unusable,
    moment,
)
from trailwatch.snapshot.text import decode, foreign, guess_account, guess_kind, unpacked, values

_OWNER = re.compile(r"^arn:aws[a-z-]*:(?:iam|sts)::(\d{12}):")
_TRAIL_OWNER = re.compile(r"^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:(\d{12}):")
_NO_POLICY = re.compile(r"\(NoSuchEntity\).*GetAccountPasswordPolicy", re.DOTALL)


@dataclass(frozen=True)
class Part:
    """One answer of AWS in a file: a whole export, or a page of one."""

    kind: str
    value: Any
    account: str = ""  # that the content names
    taken_at: datetime | None = None  # where the content says it
    more: bool | None = None  # of a page: whether AWS said that more follow; None of a whole export


def read(data: bytes) -> list[Part]:
    """Return what a file holds; content that is no export, or a damaged one, is Unusable."""
    text = decode(data)
    try:
        return list(_parts(text))
    except Unusable as error:
        error.kind = error.kind or guess_kind(text)
        error.account = error.account or guess_account(text)
        raise


def _parts(text: str) -> Iterator[Part]:
    if report.is_report(text):
        yield _report(report.read_report(text), None)
    elif text.lstrip()[:1] in {"{", "["}:
        yield from _answers(list(values(text)))
    elif _NO_POLICY.search(text[:2000]):
        yield Part(PASSWORDS, shape.policy(None))
    elif (inner := unpacked(text)) and report.is_report(inner):
        yield _report(report.read_report(inner), None)
    else:
        raise foreign()


def _answers(found: list[Any]) -> Iterator[Part]:
    flat = [one for value in found for one in (value if isinstance(value, list) else [value])]
    if not flat or not all(isinstance(one, dict) for one in flat):
        raise foreign()
    pages = [one for one in flat if any(name in one for name in shape.LISTS[:3])]
    if pages:
        yield _details(pages)
    users = [one for one in flat if "user" in one and "arn" in one]
    if users:
        yield _report(report.report(users), None)
    trails = [one for one in flat if "TrailARN" in one]
    if trails:
        yield Part(TRAILS, trails, _one([_own_trail(one) for one in trails], TRAILS))
    told = {id(one) for one in (*pages, *users, *trails)}
    for one in flat:
        if id(one) not in told:
            yield from _answer(one)


def _answer(answer: Mapping[str, Any]) -> Iterator[Part]:
    if "Content" in answer and "ReportFormat" in answer:
        text = unpacked(str(answer["Content"])) or str(answer["Content"])
        if not report.is_report(text):
            raise Unusable("its Content is no credential report", kind=REPORT, hint=f"{COMMANDS[REPORT]} again")
        made = answer.get("GeneratedTime")
        yield _report(report.read_report(text), datetime.fromisoformat(moment(made)) if made else None)
    elif "PasswordPolicy" in answer:
        yield _policy(answer["PasswordPolicy"])
    elif "MinimumPasswordLength" in answer or answer == {"default": True}:
        yield _policy(None if "default" in answer else answer)
    elif "SummaryMap" in answer or "AccountMFAEnabled" in answer:
        yield Part(SUMMARY, _summary(answer.get("SummaryMap", answer)))
    elif "ServicesLastAccessed" in answer or "JobStatus" in answer:
        yield _uses(answer)
    elif answer and all(_OWNER.match(key) and isinstance(value, list) for key, value in answer.items()):
        yield Part(USES, dict(answer), _one([_owner(arn) for arn in answer], USES), more=False)
    elif isinstance(answer.get("trailList"), list):
        yield Part(TRAILS, answer["trailList"], _one([_own_trail(one) for one in answer["trailList"]], TRAILS))
    elif isinstance(answer.get("Trail"), dict):
        yield Part(TRAILS, [answer["Trail"]], _own_trail(answer["Trail"]))
    elif "IsLogging" in answer:
        yield Part(TRAILS, [answer])
    else:
        raise foreign()


def _report(rows: list[dict[str, Any]], made: datetime | None) -> Part:
    return Part(REPORT, rows, _one([_owner(row["arn"]) for row in rows], REPORT), made)


def _details(pages: list[dict[str, Any]]) -> Part:
    entries = [entry for page in pages for name in shape.LISTS for entry in _list(page.get(name))]
    owners = [_owner(entry.get("Arn")) for entry in entries if isinstance(entry, dict)]
    said = [bool(page.get("IsTruncated") or page.get("NextToken")) for page in pages]
    paged = any("IsTruncated" in page or "NextToken" in page for page in pages)
    # Which page was the last is told by one that says that nothing follows.
    return Part(DETAILS, pages, _one(owners, DETAILS), more=all(said) if paged else None)


def _policy(answer: Any) -> Part:
    if answer is not None and not (isinstance(answer, dict) and "MinimumPasswordLength" in answer):
        what = "its PasswordPolicy has no MinimumPasswordLength"
        raise Unusable(what, kind=PASSWORDS, hint=f"{COMMANDS[PASSWORDS]} again")
    return Part(PASSWORDS, shape.policy(answer))


def _summary(answer: Any) -> Any:
    if not isinstance(answer, dict) or "AccountMFAEnabled" not in answer or not all(
        isinstance(count, int) for count in answer.values()
    ):  # fmt: skip
        what = "its SummaryMap holds no figures of an account (AccountMFAEnabled …)"
        raise Unusable(what, kind=SUMMARY, hint=f"{COMMANDS[SUMMARY]} again")
    return answer


def _uses(answer: Mapping[str, Any]) -> Part:
    if answer.get("JobStatus", "COMPLETED") != "COMPLETED":
        what = f"the job was {str(answer['JobStatus'])[:40]} when this was written"
        raise Unusable(what, kind=USES, hint=f"{COMMANDS[USES]} again, when its JobStatus is COMPLETED")
    services = answer.get("ServicesLastAccessed")
    if not isinstance(services, list) or answer.get("IsTruncated"):
        raise Unusable("its list of services is missing or cut", kind=USES, hint=f"{COMMANDS[USES]} again")
    named = {str(one.get("LastAuthenticatedEntity") or "") for one in services if isinstance(one, dict)} - {""}
    arn = answer.get("Arn") or (named.pop() if len(named) == 1 else "")
    if not isinstance(arn, str) or not _OWNER.match(arn):
        # AWS's answer does not repeat whom the question was about.
        hint = 'add "Arn": "arn:aws:iam::…" beside "ServicesLastAccessed"'
        raise Unusable("it does not say whose last accessed services these are", kind=USES, hint=hint)
    return Part(USES, {arn: services}, _owner(arn), more=False)


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _owner(arn: Any) -> str:
    found = _OWNER.match(arn) if isinstance(arn, str) else None
    return found[1] if found else ""


def _own_trail(trail: Any) -> str:
    # An organization's trail shows in every account under the ARN of the one that made it.
    if not isinstance(trail, dict) or trail.get("IsOrganizationTrail") is not False:
        return ""
    found = _TRAIL_OWNER.match(str(trail.get("TrailARN")))
    return found[1] if found else ""


def _one(owners: list[str], kind: str) -> str:
    named = sorted(set(owners) - {""})
    if len(named) > 1:
        what = f"it names {len(named)} accounts: {', '.join(named[:3])}"
        raise Unusable(what, kind=kind, hint="one file an account")
    return named[0] if named else ""
