"""IAM as it is now, asked of AWS: each kind of one account, by the credentials of that account."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from trailwatch.aws import Caller, Refused
from trailwatch.snapshot import report, shape
from trailwatch.snapshot.export import (
    DETAILS,
    KINDS,
    PASSWORDS,
    REPORT,
    SUMMARY,
    TRAILS,
    USES,
    Export,
    Unusable,
    canonical,
    failed,
)

LIVE = "live"
# Every call of this file, which is every permission that it needs.
ACTIONS = (
    "cloudtrail:DescribeTrails", "cloudtrail:GetEventSelectors", "cloudtrail:GetTrailStatus", "cloudtrail:ListTrails",
    "iam:GenerateCredentialReport", "iam:GenerateServiceLastAccessedDetails", "iam:GetAccountAuthorizationDetails",
    "iam:GetAccountPasswordPolicy", "iam:GetAccountSummary", "iam:GetCredentialReport",
    "iam:GetServiceLastAccessedDetails",
)  # fmt: skip
_CACHED = timedelta(hours=4, minutes=15)  # how old a credential report may be: AWS makes one every four hours
_NOT_READY = {"ReportInProgress", "CredentialReportNotReadyException"}
_GONE = {"ReportNotPresent", "ReportExpired", "CredentialReportNotPresentException", "CredentialReportExpiredException"}
_JOBS = 4  # at a time: IAM throttles an account, not a caller


@dataclass(frozen=True)
class Patience:
    """How long is waited for what AWS makes in the background, in seconds."""

    step: float = 2.0
    report: float = 180.0
    job: float = 60.0
    jobs: float = 900.0  # all jobs of one account together

    def wait(self, end: float) -> None:
        """Sleep a little, never in step with others; past the end nothing more is waited for."""
        if time.monotonic() > end:
            raise Unusable("AWS did not get ready in time", hint="run it again in a few minutes")
        time.sleep(self.step * random.uniform(0.5, 1.5))  # noqa: S311


@dataclass(frozen=True)
class _Answer:
    body: Any
    reason: str = ""
    taken_at: datetime | None = None


def account(caller: Caller, name: str, *, entities: int, patience: Patience) -> Iterator[Export]:
    """Yield each kind of one account; what was denied or failed is a failed export, and the others go on."""
    kept: dict[str, Any] = {}
    asks: dict[str, Callable[[], _Answer]] = {
        REPORT: lambda: _report(caller, patience),
        DETAILS: lambda: _details(caller),
        PASSWORDS: lambda: _policy(caller),
        SUMMARY: lambda: _summary(caller),
        USES: lambda: _uses(caller, kept.get(DETAILS), entities, patience),
        TRAILS: lambda: _trails(caller, name),
    }
    for kind in KINDS:
        if kind == USES and not entities:
            continue
        now = datetime.now(UTC)
        try:
            answer = asks[kind]()
            kept[kind] = answer.body
            yield Export(name, kind, answer.taken_at or now, LIVE, canonical(answer.body), answer.reason)
        except Refused as error:
            yield failed(name, kind, now, LIVE, str(error))
        except Unusable as error:
            yield failed(name, kind, now, LIVE, error.reason)


def _report(caller: Caller, patience: Patience) -> _Answer:
    ready = caller.call("iam:GenerateCredentialReport").get("State") == "COMPLETE"
    end = time.monotonic() + patience.report
    while True:
        if not ready:
            patience.wait(end)
        try:
            answer = caller.call("iam:GetCredentialReport")
            break
        except Refused as error:
            if error.code in _GONE:
                caller.call("iam:GenerateCredentialReport")
            elif error.code not in _NOT_READY:
                raise
            ready = False
    content = answer.get("Content", b"")
    text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
    if not report.is_report(text):
        raise Unusable("what AWS answered is no credential report", hint="run it again")
    made, now = answer.get("GeneratedTime"), datetime.now(UTC)
    # The report tells of the moment at which AWS made it; one that claims to be older than AWS keeps any is of now.
    fresh = isinstance(made, datetime) and now - _CACHED < made <= now
    return _Answer(report.read_report(text), taken_at=made if fresh else None)


def _details(caller: Caller) -> _Answer:
    pages = caller.pages("iam:GetAccountAuthorizationDetails", sent="Marker", told="Marker", MaxItems=1000)
    # A list that is empty may be left out of an answer.
    return _Answer(shape.details({name: page.get(name, []) for name in shape.LISTS} for page in pages))


def _policy(caller: Caller) -> _Answer:
    try:
        return _Answer(shape.policy(caller.call("iam:GetAccountPasswordPolicy").get("PasswordPolicy")))
    except Refused as error:
        if error.code != "NoSuchEntity":
            raise
        return _Answer(shape.policy(None))


def _summary(caller: Caller) -> _Answer:
    found = caller.call("iam:GetAccountSummary").get("SummaryMap")
    if not found:
        raise Unusable("the summary that AWS answered is empty", hint="run it again")
    return _Answer(found)


def _uses(caller: Caller, details: Any, entities: int, patience: Patience) -> _Answer:
    if details is None:
        raise Unusable("whose services to ask for is in the authorization details, and they failed")
    wanted = _entities(details)
    asked = wanted[:entities]
    end = time.monotonic() + patience.jobs
    with ThreadPoolExecutor(_JOBS) as pool:
        try:
            found = list(
                pool.map(lambda arn: _use(caller, arn, min(end, time.monotonic() + patience.job), patience), asked)
            )
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    body = {arn: services for arn, services in zip(asked, found, strict=True) if isinstance(services, list)}
    missed = [one for one in found if isinstance(one, str)]
    if asked and not body:
        raise Unusable(f"none of {len(asked)} users and roles was answered; the first: {missed[0]}")
    said = [f"{len(body)} of {len(wanted)} users and roles"] if len(body) < len(wanted) else []
    said += [f"the first that failed: {missed[0]}"] if missed else []
    return _Answer(shape.uses(body), "; ".join(said))


def _entities(details: Any) -> list[str]:
    roles = [
        role for role in details["RoleDetailList"] if not str(role.get("Path", "")).startswith("/aws-service-role/")
    ]
    # Where not all are asked for, those that nobody uses are the last: the report of IAM names them anyway.
    roles.sort(key=lambda role: str((role.get("RoleLastUsed") or {}).get("LastUsedDate", "")), reverse=True)
    return [one["Arn"] for one in (*details["UserDetailList"], *roles)]


def _use(caller: Caller, arn: str, end: float, patience: Patience) -> list[Any] | str:
    """Return the services of one ARN, or why it has none; what concerns all of them is raised."""
    try:
        job = caller.call("iam:GenerateServiceLastAccessedDetails", Arn=arn, Granularity="SERVICE_LEVEL")["JobId"]
        while True:
            pages = list(caller.pages("iam:GetServiceLastAccessedDetails", sent="Marker", told="Marker", JobId=job))
            if pages[0].get("JobStatus") == "COMPLETED":
                return [service for page in pages for service in page.get("ServicesLastAccessed", [])]
            if pages[0].get("JobStatus") == "FAILED":
                return f"{arn}: the job failed"
            patience.wait(end)
    except Refused as error:
        if error.denied:
            raise
        return f"{arn}: {error}"
    except Unusable as error:
        return f"{arn}: {error.what}"


def _trails(caller: Caller, name: str) -> _Answer:
    pages = caller.pages("cloudtrail:ListTrails", sent="NextToken", told="NextToken")
    listed = [trail for page in pages for trail in told(page, "Trails")]
    # A trail of one region is described in its own region only; one of all regions, in every one.
    regions = sorted({"", *(str(trail.get("HomeRegion", "")) for trail in listed)})
    found: dict[str, dict[str, Any]] = {}
    for region in regions:
        for trail in told(caller.call("cloudtrail:DescribeTrails", region=region), "trailList"):
            found[trail["TrailARN"]] = trail
    hidden = []
    for arn, trail in found.items():
        home = str(trail.get("HomeRegion", ""))
        try:
            selectors = caller.call("cloudtrail:GetEventSelectors", region=home, TrailName=arn)
            status = caller.call("cloudtrail:GetTrailStatus", region=home, Name=arn)
        except Refused as error:
            # The details of an organization's trail are its owner's to see.
            if not trail.get("IsOrganizationTrail") or arn.split(":")[4] == name:
                raise
            hidden.append(f"selectors and status of {arn} are not shown here ({error.code})")
            continue
        if not selectors.get("EventSelectors"):
            told(selectors, "AdvancedEventSelectors")
        trail |= {key: selectors.get(key) or [] for key in ("EventSelectors", "AdvancedEventSelectors")}
        trail |= {"IsLogging": told(status, "IsLogging"), "LatestDeliveryError": status.get("LatestDeliveryError")}
    return _Answer(shape.trails(found.values()), "; ".join(hidden))


def trails(caller: Caller, account: str) -> list[dict[str, Any]]:
    """Return the trails that an account sees, with their selectors where they are shown."""
    found: list[dict[str, Any]] = _trails(caller, account).body
    return found


def told(answer: dict[str, Any], field: str) -> Any:
    """Return a field of an answer that AWS always gives."""
    # What is not JSON comes from boto3 as an answer without anything, which must not pass for "there is none".
    if field not in answer:
        raise Unusable(
            f"AWS answered without {field}", hint="whether something between here and AWS answers in its place"
        )
    return answer[field]
