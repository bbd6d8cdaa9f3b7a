"""Four weeks of one person, made by hand: office hours, and one night from somewhere else."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from trailwatch.charts.material import Day, Hour, Material, Session, Use

DAY, START = date(2026, 7, 28), date(2026, 7, 1)
EVIL = '<script>alert(1)</script> ${x} url(https://evil.example/a) "><image href="https://evil.example/b"/>'


def session(credential: str, parent: str = "", hour: int = 9, **change: Any) -> Session:
    first = datetime(2026, 7, 28, hour, tzinfo=UTC)
    values: dict[str, Any] = {
        "credential": credential, "parent": parent, "kind": "assume-role", "principal": f"111122223333/role/{credential}", "name": "alice",
        "first": first, "last": first + timedelta(hours=1), "events": 7,
    }  # fmt: skip
    return Session(**{**values, **change})


def material(**change: Any) -> Material:
    days = [START + timedelta(days=step) for step in range(28)]
    values: dict[str, Any] = {
        "name": "alice@example.com", "kind": "person", "day": DAY, "start": START, "zone": "Europe/Berlin",
        "days": tuple(Day(day, 20 if day != DAY else 90, 0 if day != DAY else 11) for day in days if day.weekday() < 5),
        "hours": (*(Hour(day * 24 + hour, 4) for day in range(5) for hour in range(9, 17)), Hour(24 + 3, 1, marked=True)),
        "uses": (
            Use("address", "198.51.100.0/24", date(2026, 1, 2), tuple(days)),
            Use("address", "203.0.113.0/24", DAY, (DAY,)),
            Use("client", "aws-cli/2 macos", date(2026, 1, 2), tuple(days)),
        ),
        "sessions": (session("Admin"), session("Deploy", "Admin", 10), session("Prod", "Deploy", 11), session("Other", "gone", 8)),
    }  # fmt: skip
    return Material(**{**values, **change})
