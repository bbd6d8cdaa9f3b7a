"""Which accounts and regions a vault holds logs or digests of, and since when."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Executor
from datetime import date

from trailwatch.ingest.items import Wanted
from trailwatch.ingest.keys import LOGS
from trailwatch.verify.names import DIGESTS
from trailwatch.verify.vault import Cell, Vault

ROOT = "AWSLogs"
_ABOVE = 3  # levels between the given prefix and AWSLogs
_CALLS = 500  # listings in search of AWSLogs
_ACCOUNT = re.compile(r"^\d{12}$")
_ORGANIZATION = re.compile(r"^o-[a-z0-9]{10,32}$")
_REGION = re.compile(r"^[a-z]{2,}(?:-[a-z0-9]+)+$")


def cells(vault: Vault, prefix: str, wanted: Wanted, pool: Executor) -> list[Cell]:
    """Return the wanted accounts and regions below a prefix, which may itself name some of the levels."""
    parts = [part for part in prefix.split("/") if part]
    place = len(parts) - parts[::-1].index(ROOT) if ROOT in parts else 0
    if place and (len(parts) == place or _ACCOUNT.match(parts[place]) or _ORGANIZATION.match(parts[place])):
        roots, below = ["/".join(parts[:place])], parts[place:]
    else:
        roots, below = _roots(vault, "/".join(parts), pool), []
    found: set[Cell] = set()
    fixed = _Fixed(below, wanted)
    bases = [base for root in roots for base in _bases(vault, root, fixed)]
    places = [(base, kind) for base in bases for kind in (LOGS, DIGESTS)]
    for (base, _), regions in zip(places, pool.map(lambda at: vault.children(f"{at[0]}/{at[1]}"), places), strict=True):
        account = base.rpartition("/")[2]
        found |= {Cell(base, account, region) for region in regions if fixed.region(region)}
    return sorted(found)


def first_day(vault: Vault, cell: Cell) -> date | None:
    """Return the first day of which a cell has a folder."""
    days = [day for kind in (LOGS, DIGESTS) if (day := _first(vault, cell.prefix(kind)))]
    return min(days, default=None)


class _Fixed:
    """Which accounts and regions may be looked at."""

    def __init__(self, below: list[str], wanted: Wanted) -> None:
        organization = bool(below and _ORGANIZATION.match(below[0]))
        self.organization = below[0] if organization else ""
        rest = below[organization:]
        self._account = rest[0] if rest else ""
        self._region = rest[2] if len(rest) > 2 else ""
        self._wanted = wanted

    def account(self, name: str) -> bool:
        wanted = not self._wanted.accounts or name in self._wanted.accounts
        return bool(_ACCOUNT.match(name)) and wanted and self._account in ("", name)

    def region(self, name: str) -> bool:
        wanted = not self._wanted.regions or name in self._wanted.regions
        return bool(_REGION.match(name)) and wanted and self._region in ("", name)


def _bases(vault: Vault, root: str, fixed: _Fixed) -> Iterator[str]:
    names = [fixed.organization] if fixed.organization else vault.children(root)
    for name in names:
        if fixed.account(name):
            yield f"{root}/{name}"
        elif _ORGANIZATION.match(name):
            yield from (f"{root}/{name}/{inner}" for inner in vault.children(f"{root}/{name}") if fixed.account(inner))


def _roots(vault: Vault, prefix: str, pool: Executor) -> list[str]:
    """Return where AWSLogs lies: Control Tower puts the organization in front of it, and trails have prefixes."""
    roots: list[str] = []
    level, calls = [prefix], 0
    for _ in range(_ABOVE + 1):
        calls += len(level)
        if calls > _CALLS:
            break
        deeper: list[str] = []
        for above, names in zip(level, pool.map(vault.children, level), strict=True):
            paths = [f"{above}/{name}" if above else name for name in names]
            roots += [path for path, name in zip(paths, names, strict=True) if name == ROOT]
            deeper += [path for path, name in zip(paths, names, strict=True) if name != ROOT]
        level = deeper
    return roots


def _first(vault: Vault, prefix: str) -> date | None:
    place = prefix
    numbers: list[int] = []
    for width in (4, 2, 2):
        name = _least(vault.children, place, width)
        if not name:
            return None
        numbers.append(int(name))
        place = f"{place}/{name}"
    try:
        return date(*numbers)
    except ValueError:
        return None


def _least(children: Callable[[str], Iterable[str]], place: str, width: int) -> str:
    return min((name for name in children(place) if re.fullmatch(rf"\d{{{width}}}", name)), default="")
