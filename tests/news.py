"""Digests of two days with findings of every status, kept in a store as a run keeps them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from digest.reports import finding, page

from trailwatch.digest.build import write
from trailwatch.finding import Finding, Top
from trailwatch.findings.reading import Reading
from trailwatch.store.tables import Store

MONDAY, TUESDAY = date(2026, 1, 5), date(2026, 1, 6)
NOW = datetime(2026, 1, 6, 6, tzinfo=UTC)
EVIL = "<!channel> <https://evil.example|click> @here *b* `c` <script>alert(1)</script>\r\nBcc: x@evil.example"


def news(number: int, **change: Any) -> Finding:
    """A new finding whose id stands in its title, because mails tell titles."""
    id = f"{number:012x}"
    return finding(id, "root-used", "root-use", **{
        "title": f"Something happened {id}", "actions": (Top("iam:CreateUser", 1),), "addresses": (Top("203.0.113.7", 1),),
        "targets": (Top("svc", 1),), "why": "Because.", "next": "Ask.", "attack": ("T1098.003",), "severity": "high", **change,
    })  # fmt: skip


FIRST = (
    news(1, severity="critical"), news(2), news(3, account="444455556666", title=f"{3:012x} {EVIL}", why=EVIL, next=EVIL),
    news(4, status="risen", severity="medium"), news(5, status="ongoing"), news(6, status="ended"),
    news(7, suppressed_by="on call"), news(8, severity="info"), news(9, status="reopened"),
)  # fmt: skip
TOLD = [f"{number:012x}" for number in (1, 2, 3, 9, 4)]


def tell(store: Store, day: date, *findings: Finding, complete: bool = True) -> None:
    """Keep a digest of a day."""
    made = page(day=day, findings=findings, made_at=datetime(day.year, day.month, day.day, 23, tzinfo=UTC))
    made = replace(made, coverage=replace(made.coverage, day_complete=complete))
    write(store, made, Reading(day, made.made_at))
