"""One export of one kind of one account, good or failed, and the canonical form of its content."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

REPORT, DETAILS, PASSWORDS, SUMMARY, USES, TRAILS = KINDS = (
    "credential-report", "authorization-details", "password-policy", "account-summary", "service-last-accessed",
    "trails",
)  # fmt: skip

# What AWS calls the same things, for hints.
COMMANDS = {
    REPORT: "aws iam get-credential-report",
    DETAILS: "aws iam get-account-authorization-details",
    PASSWORDS: "aws iam get-account-password-policy",
    SUMMARY: "aws iam get-account-summary",
    USES: "aws iam get-service-last-accessed-details",
    TRAILS: "aws cloudtrail describe-trails",
}


class Unusable(Exception):
    """Content that is no export, or a damaged one: what is wrong, what to try, and of which kind it seems to be."""

    def __init__(self, what: str, *, hint: str = "", kind: str = "", account: str = "") -> None:
        self.what, self.hint, self.kind, self.account = what, hint, kind, account
        super().__init__(what)

    @property
    def reason(self) -> str:
        """What is wrong and what to try, as one text."""
        return f"{self.what}. Try: {self.hint}" if self.hint else self.what


@dataclass(frozen=True)
class Export:
    """One row of the table `snapshots`; a failed one has a reason and no body."""

    account: str
    kind: str
    taken_at: datetime
    source: str  # `live`, or the name of the file
    body: str = ""
    reason: str = ""  # why it failed; of a good one, what it does not cover
    good: bool = True

    @property
    def digest(self) -> str:
        """The SHA-256 of the body, '' of a failed export."""
        return hashlib.sha256(self.body.encode()).hexdigest() if self.good else ""


@dataclass(frozen=True)
class Passed:
    """A file or an account that was left out on purpose."""

    name: str
    reason: str


def canonical(value: Any) -> str:
    """Return the JSON text that equal content always gives: sorted keys, no spaces, valid Unicode."""
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (ValueError, TypeError, RecursionError) as error:
        raise Unusable(f"it holds a value that JSON does not know: {error}") from error
    # Half a surrogate pair may be escaped in JSON, and no text that is stored may hold one.
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def failed(account: str, kind: str, taken_at: datetime, source: str, reason: str) -> Export:
    """Return the row of an export that could not be had."""
    return Export(account, kind, taken_at, source, reason=reason, good=False)


def moment(value: Any) -> str:
    """Return a time in any form of AWS (text, seconds, datetime) as `2026-07-28T06:00:00Z`."""
    try:
        if isinstance(value, datetime):
            found = value
        elif isinstance(value, (int, float)) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            found = datetime.fromisoformat(str(value).strip())
        found = found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise Unusable(f"{str(value)[:60]!r} is not a time") from error
    return found.isoformat().removesuffix("+00:00") + "Z"
