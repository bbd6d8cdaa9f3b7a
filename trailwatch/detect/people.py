"""What the configuration declares of an identity: zone, shifts, duty, networks, last day, under any of its names."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from trailwatch.config import Config, Group, Person, Principal, Span
from trailwatch.window import parse_shift


@dataclass(frozen=True)
class Identity:
    """The names that one event gives its identity."""

    person: str
    principal: str
    session_name: str
    source_identity: str

    def names(self) -> tuple[str, ...]:
        """Return every name, the surest first."""
        last = self.principal.rpartition("/")[2] if "/user/" in self.principal else ""
        return tuple(name.lower() for name in (self.person, self.principal, last, self.source_identity) if name)


@dataclass(frozen=True)
class Declared:
    """What holds for an identity."""

    time_zone: str = ""
    shifts: tuple[tuple[int, int, int, int], ...] = ()  # weekday, first minute, end minute, days back to its start
    holidays: tuple[date, ...] = ()
    duty: tuple[tuple[datetime, datetime], ...] = ()
    networks: tuple[str, ...] = ()
    ends: datetime | None = None


class Directory:
    """The people, groups and principals of a configuration, ready for many look-ups."""

    def __init__(self, config: Config) -> None:
        self._people: dict[str, Person] = {}
        for name, person in config.people.items():
            self._people |= {alias.lower(): person for alias in (name, *person.aliases)}
        self._names = {alias: name.lower() for name, p in config.people.items() for alias in map(str.lower, p.aliases)}
        self._groups = config.groups
        self._principals = config.principals
        # Automation may come in only from its networks, like anybody for whom some are declared.
        self._machines = config.automation.principals if config.automation.networks else []
        self._machine = Principal(networks=config.automation.networks)

    def __bool__(self) -> bool:
        return bool(self._people or self._groups or self._principals or self._machines)

    def find(self, identity: Identity) -> Declared | None:
        """Return what is declared of an identity, the most specific first: person, then groups, then principal."""
        names = identity.names()
        person = next((self._people[name] for name in names if name in self._people), None)
        also = {self._names[name] for name in names if name in self._names}
        groups = [group for group in self._groups.values() if _member(group, (*names, *also))]
        principal = self._principal(identity.principal)
        # Whoever's last day has come may still act under a name that is only written into the session.
        leaver = person or self._people.get(identity.session_name.lower())
        sources: list[Person | Principal] = [
            *([person] if person else []),
            *groups,
            *([principal] if principal else []),
            *([self._machine] if any(_fits(pattern, identity.principal) for pattern in self._machines) else []),
        ]
        if not sources and leaver is None:
            return None
        zone = next((source.time_zone for source in sources if source.time_zone), "")
        leaving: list[Person | Principal] = [*sources, *([leaver] if leaver else [])]
        people = [source for source in sources if isinstance(source, Person)]
        return Declared(
            time_zone=zone,
            shifts=tuple(
                _pieces(next((p.shifts for p in people[:1] if p.shifts), [s for p in people for s in p.shifts]))
            ),
            holidays=tuple(sorted({day for p in people for day in p.holidays})),
            duty=tuple(_span(span, zone) for p in people for span in p.on_call),
            networks=tuple(next((source.networks for source in sources if source.networks), ())),
            ends=min((_moment(s.until, s.time_zone or zone, inclusive=True) for s in leaving if s.until), default=None),
        )

    def _principal(self, principal: str) -> Principal | None:
        fitting = [pattern for pattern in self._principals if _fits(pattern, principal)]
        return self._principals[max(fitting, key=len)] if fitting else None


def _member(group: Group, names: Iterable[str]) -> bool:
    return any(_fits(pattern, name) for pattern in group.members for name in names)


def _fits(pattern: str, name: str) -> bool:
    pattern, name = pattern.lower(), name.lower()
    return fnmatch.fnmatchcase(name, pattern) or (
        "/" not in pattern and "/" in name and fnmatch.fnmatchcase(name.rpartition("/")[2], pattern))  # fmt: skip


def _pieces(shifts: Sequence[str]) -> Iterable[tuple[int, int, int, int]]:
    for text in shifts:
        shift = parse_shift(text, where="shifts")
        start, end = (moment.hour * 60 + moment.minute for moment in (shift.start, shift.end))
        for day in sorted(shift.days):
            yield (day, start, end if start < end else 24 * 60, 0)
            if start >= end and end:
                yield ((day + 1) % 7, 0, end, 1)


def _span(span: Span, zone: str) -> tuple[datetime, datetime]:
    return _moment(span.from_, zone), _moment(span.to, zone, inclusive=True)


def _moment(value: datetime | date, zone: str, *, inclusive: bool = False) -> datetime:
    if isinstance(value, datetime):
        return (value if value.tzinfo else value.replace(tzinfo=ZoneInfo(zone or "UTC"))).astimezone(UTC)
    day = value + timedelta(days=1) if inclusive else value
    return datetime.combine(day, time(), ZoneInfo(zone or "UTC")).astimezone(UTC)
