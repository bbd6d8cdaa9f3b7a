"""A finding about the logs themselves, as digests make it without a detection."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from trailwatch.finding import Finding
from trailwatch.findings.fingerprint import fingerprint
from trailwatch.findings.severity import weigh

VERSION = "1"


def statement(
    detection: str, severity: str, day: date, key: tuple[str, str], *, title: str, why: str, next: str,
    attack: tuple[str, ...], evidence: dict[str, str], account: str = "", account_name: str = "",
) -> Finding:  # fmt: skip
    """Return a finding that no detection made: about logs as such, and a whole day."""
    start = datetime.combine(day, time(), tzinfo=UTC)
    found, parts = weigh(severity)
    return Finding(
        id=fingerprint(detection, account, key), detection=detection, detection_version=VERSION, kind="coverage", title=title,
        severity=found, severity_parts=parts, score=parts["product"], account=account, principal="", person="",
        first_time=start, last_time=start + timedelta(days=1, microseconds=-1), count=0, event_ids=(),
        account_name=account_name, attack=attack, tactic="defense-evasion", practices=("monitoring",), why=why,
        evidence=dict(evidence), next=next,
    )  # fmt: skip
