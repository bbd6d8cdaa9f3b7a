"""The trailwatch.toml that belongs to the simulated organisation."""

from __future__ import annotations

from datetime import date, timedelta

from trailwatch.simulate.callers import user_id
from trailwatch.simulate.chance import stable_hex
from trailwatch.simulate.people import PEOPLE, Person
from trailwatch.simulate.stock import ACCOUNTS, DEV, EGRESS, ENDPOINTS, OFFICE, ORGANIZATION, PARTNER, PROD, VPN
from trailwatch.simulate.world import World

_SHIFTS = {
    "alice@example.com": "mon-fri 08:00-19:00",
    "dave@example.com": "mon-fri 08:00-18:30",
    "heidi@example.com": "mon-fri 08:30-18:30",
}
# IAM users that somebody has beside single sign-on.
_USERS = {"mallory-contractor@partner.example": (f"{DEV}/user/mallory",)}
_GROUPS = {
    "developers": ("alice", "carol", "dave", "frank"),
    "operations": ("erin", "alice"),
    "data": ("bob", "heidi", "frank"),
    "security": ("ivan", "grace"),
}

_PRINCIPALS = {
    f"{PROD}/user/svc-reports": 'class = "workload"\nnetworks = ["office"]',
    "*/role/ci-deploy": 'class = "pipeline"',
    "*/role/terraform-*": 'class = "pipeline"',
    f"{PROD}/role/vendor-monitoring": 'class = "vendor"',
}


def toml(world: World) -> str:
    """Return the configuration as text."""
    lines = [
        "# What trailwatch is told about this organisation; everything else it learns.",
        "",
        "[organization]",
        f'id = "{ORGANIZATION}"',
        f'partners = ["{PARTNER}"]',
        "",
        "[organization.accounts]",
    ]
    lines += [f'{account} = "{name}"' for account, name in ACCOUNTS.items()]
    lines += ["", "[networks]", f'office = ["{OFFICE}.0/24"]', f'vpn = ["{VPN}.0/24"]']
    lines += [
        f"aws-egress = [{', '.join(f'{chr(34)}{address}/32{chr(34)}' for address in EGRESS)}]",
        f"endpoints = [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in ENDPOINTS.values())}]",
    ]
    for person in PEOPLE[: len(world.cast)]:
        lines += ["", f'[people."{person.email}"]', f'time_zone = "{person.zone}"', *_person(person)]
    for pattern, line in _PRINCIPALS.items():
        lines += ["", f'[principals."{pattern}"]', line]
    for group, members in _GROUPS.items():
        lines += [
            "",
            f"[groups.{group}]",
            f"members = [{', '.join(f'{chr(34)}{member}@example.com{chr(34)}' for member in members)}]",
        ]
    return "\n".join(lines) + "\n"


def _person(person: Person) -> list[str]:
    names = [f"{stable_hex(10, 'store')}-{user_id(person.email)}", *_USERS.get(person.email, ())]
    lines = [f"aliases = [{', '.join(f'{chr(34)}{name}{chr(34)}' for name in names)}]"]
    if person.email in _SHIFTS:
        lines.append(f'shifts = ["{_SHIFTS[person.email]}"]')
    if person.on_call:
        turns = [
            f"    {{ from = {sat - timedelta(days=1)}T18:00:00, to = {sat + timedelta(days=2)}T08:00:00 }},"
            for sat in person.on_call
        ]
        lines += ["on_call = [", *turns, "]"]
    if person.until < date(2099, 1, 1):
        lines.append(f"until = {person.until}")
    return lines
