"""Findings about the logs themselves: rewritten after they were read, not as they were signed, or silent where they never are."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from trailwatch.digest.coverage import Coverage, Failure, Silence
from trailwatch.digest.statement import statement
from trailwatch.digest.tampering import damage
from trailwatch.digest.words import counted
from trailwatch.finding import Finding
from trailwatch.findings.titles import plain


def blindness(coverage: Coverage, *, day: date) -> tuple[Finding, ...]:
    """Return the coverage findings of a day; what is merely unread or unevaluated stays in the coverage."""
    return (
        *(_changed(one, day) for one in coverage.changed),
        *(damage(coverage.integrity, day) if coverage.integrity else ()),
        *_silent(coverage, day),
    )


def _changed(one: Failure, day: date) -> Finding:
    return statement(
        "log-changed", "critical", day, ("files", "\n".join(one.examples)),
        title=f"{counted(one.objects, 'log file')} changed after {'it was' if one.objects == 1 else 'they were'} read",
        why="CloudTrail writes a log file once and never touches it again. A file that changes was rewritten by somebody, "
            "mostly to take something out.",
        next="Compare the file's versions in S3, see who wrote it (PutObject by anybody but CloudTrail), and keep what "
             "trailwatch read before: its events stay in the store.",
        attack=("T1565.001",),
        evidence={"files": ", ".join(plain(key, longest=200) for key in one.examples), "reason": one.reason,
                  "since_key_day": one.first_day.isoformat()},
    )  # fmt: skip


def _silent(coverage: Coverage, day: date) -> Iterator[Finding]:
    heard = {account.account for account in coverage.accounts if account.events}
    dark: dict[str, list[Silence]] = {}
    for one in coverage.silent:
        if one.account not in heard:
            dark.setdefault(one.account, []).append(one)
    for account, cells in dark.items():
        most = max(cells, key=lambda cell: cell.active_days)
        yield statement(
            "account-silent", "medium", day, ("account", account), account=account, account_name=most.name,
            title=f"Nothing was logged in account {plain(most.name) or account}",
            why="An account that is always busy and suddenly silent is seldom idle: its trail was stopped, its delivery "
                "broke, or its logs were not fetched.",
            next="Look whether the trail is logging (aws cloudtrail get-trail-status), and whether its objects reach the bucket.",
            attack=("T1562.008",),
            evidence={"usual": f"active on {most.active_days} of {most.of_days} such days of the last 14",
                      "regions": ", ".join(cell.region for cell in cells)},
        )  # fmt: skip
