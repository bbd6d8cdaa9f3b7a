"""Made-up organizations: who is in them, what each does, from where, when and with what."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from trailwatch.scorecard import calls
from trailwatch.simulate.chance import dice, stable_hex, stable_id

START = date(2026, 1, 26)  # both changes to summer time and Easter lie within
DAYS = 80
HOLIDAYS = (date(2026, 2, 16), date(2026, 4, 3), date(2026, 4, 6))
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Kolkata", "Europe/London", "Australia/Sydney", "America/Sao_Paulo")


@dataclass(frozen=True)
class Identity:
    """One person in one permission set, one key, or one role of programs, with its habits."""

    name: str
    organization: int
    account: str
    trade: str
    role: str
    email: str
    zone: str
    begins: float  # local hour
    lasts: float
    volume: float
    pool: tuple[str, ...]
    home: str  # /24 networks, three numbers
    office: str
    client: str
    since: date = START
    until: date = date(2099, 1, 1)
    sparse: tuple[date, ...] = ()  # if set, the only days of use

    @property
    def human(self) -> bool:
        """Whether a person is behind it."""
        return bool(self.email)

    @property
    def principal(self) -> str:
        """Return the profile key that trailwatch gives it."""
        if self.email:
            return f"{self.account}/role/AWSReservedSSO_{self.role}"
        return f"{self.account}/{'user' if self.trade in ('batch', 'spare') else 'role'}/{self.role}"

    @property
    def person(self) -> str:
        """Return the person that trailwatch finds behind it."""
        return self.email or (self.role if self.trade in ("batch", "spare") else "")


@dataclass(frozen=True)
class Trade:
    """One kind of identity: how many in hundred, which pools, and how much a day."""

    name: str
    share: float
    role: str
    pool: tuple[str, ...]
    volume: float
    clients: tuple[str, ...]


TRADES = (
    Trade("developer", 30, "Developer", calls.BUILD, 34, ("browser", "cli", "terraform")),
    Trade("operator", 12, "Operations", calls.OPERATE, 40, ("browser", "cli")),
    Trade("analyst", 12, "DataAnalyst", calls.ANALYSE, 30, ("browser", "boto3")),
    Trade("admin", 6, "Administrator", calls.ADMINISTER, 32, ("browser", "cli")),
    Trade("pipeline", 9, "ci-deploy", calls.DEPLOY, 70, ("terraform", "go")),
    Trade("workload", 19, "app", calls.SERVE, 60, ("boto3-linux", "java", "go")),
    Trade("batch", 8, "svc-batch", calls.SERVE + calls.ANALYSE, 45, ("boto3-linux", "go")),
    Trade("vendor", 4, "vendor-monitor", calls.WATCH, 70, ("go", "java")),
)


def organizations(seed: int, *, size: float = 1.0) -> tuple[Identity, ...]:
    """Return everybody of the three organizations of a seed; `size` 1 is some two hundred identities."""
    return tuple(
        one for number, heads in enumerate((40, 70, 90)) for one in _one(seed, number, max(12, round(heads * size)))
    )


def accounts(seed: int, organization: int) -> tuple[str, ...]:
    """Return the account numbers of an organization."""
    return tuple(f"{int(stable_hex(10, 'account', seed, organization, n), 16) % 8 * 10**11 + 10**11 + int(stable_hex(9, seed, organization, n), 16) % 10**11:012d}"
                 for n in range(2 + organization))  # fmt: skip


def network(*parts: object) -> str:
    """Return three numbers of a public network that depend on the parts alone."""
    number = int(stable_hex(7, "network", *parts), 16)
    return f"{(62, 77, 80, 86, 91, 109, 151, 178)[number % 8]}.{number // 8 % 200 + 20}.{number // 1600 % 250}"


def off(day: date) -> bool:
    """Return whether offices are closed."""
    return day.weekday() >= 5 or day in HOLIDAYS


def _one(seed: int, number: int, heads: int) -> Iterator[Identity]:
    chance = dice(seed, "organization", number)
    own = accounts(seed, number)
    main = chance.choice(ZONES)
    wanted: list[Trade] = []
    for trade in TRADES:
        wanted += [trade] * max(1, round(heads * trade.share / 100))
    for place, trade in enumerate(wanted):
        yield _identity(chance, seed, number, place, trade, own, main)
    for place in range(max(2, heads // 14)):  # spare keys, used last long ago; some have a rhythm of a month
        monthly = place % 2 == 1
        back = (92, 61, 31) if monthly else (118, 117, 116, 112, 95)
        first = START + timedelta(days=chance.randrange(0, 20))
        days = [first - timedelta(days=one) for one in back]
        if monthly:
            days += [first + timedelta(days=30 * n) for n in range(3)]
        yield Identity(
            f"o{number}-spare{place}", number, chance.choice(own), "spare", f"svc-spare-{number}{place}", "", "UTC",
            6 + place % 3, 2, 14, tuple(chance.sample(calls.SERVE, 6)), network(seed, number, "nat"),
            network(seed, number, "nat"), "boto3-linux", since=min(days), sparse=tuple(days),
        )  # fmt: skip


def _identity(
    chance: random.Random, seed: int, number: int, place: int, trade: Trade, own: tuple[str, ...], main: str
) -> Identity:
    human = trade.name in ("developer", "operator", "analyst", "admin")
    joins = human and chance.random() < 0.06
    leaves = human and not joins and chance.random() < 0.05
    account = chance.choice(own[: max(1, len(own) - 1)])
    office = network(seed, number, "office") if human else network(seed, number, "nat", account)
    role = trade.role if human else f"{trade.role}-{number}{place}"
    return Identity(
        f"o{number}-{trade.name}{place}",
        number,
        account,
        trade.name,
        role,
        f"{trade.name[:3]}{place}.{stable_id('', seed, number, place, length=4).lower()}@org{number}.example"
        if human
        else "",
        chance.choice(ZONES) if human and chance.random() < 0.25 else main if human else "UTC",
        chance.uniform(7.5, 10.0) if human else float(chance.randrange(24)),
        chance.uniform(7.5, 9.5) if human else 24.0,
        trade.volume * chance.lognormvariate(0, 0.4),
        tuple(chance.sample(trade.pool, round(len(trade.pool) * chance.uniform(0.45, 0.8)))),
        network(seed, number, place, "home") if human else office,
        office,
        chance.choice(trade.clients),
        since=START + timedelta(days=chance.randrange(25, 66)) if joins else START,
        until=START + timedelta(days=chance.randrange(30, 72)) if leaves else date(2099, 1, 1),
    )


def pool_of(trade: str) -> tuple[str, ...]:
    """Return everything that a trade may call."""
    return next((one.pool for one in TRADES if one.name == trade), calls.SERVE)
