"""What a question is about: people, users and roles, keys, addresses or resources behind one text."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import date

from trailwatch.engine import Engine
from trailwatch.errors import StoreError
from trailwatch.profile import identity
from trailwatch.store.tables import Store

_KEY = re.compile(r"AKIA[A-Z0-9]{12,124}")
_TEMPORARY = re.compile(r"ASIA[A-Z0-9]{12,124}|A(?:ROA|IDA)[A-Z0-9]+(?::[^@\s]+)?(?:@\S+)?@\d{4}-\d\d-\d\dT[\d:]+Z")
_EVENT = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_KIND = re.compile(r"(?i)(?:(\d{12})/)?(role|user)/([^/]+)")
_ARN = re.compile(r"arn:[a-z-]+:([a-z0-9-]+):([a-z0-9-]*):(\d{12}|aws)?:(.+)")
_SUFFIX = re.compile(r"(?i)^AWSReservedSSO_|_[0-9a-f]{16}$")
LIMIT = 20


@dataclass(frozen=True)
class Asked:
    """One kind of thing, by all the values that a text stands for."""

    kind: str  # identity | key | credential | address | network | resource | event
    text: str
    persons: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    value: str = ""
    more: int = 0  # identities of that name that are left out

    @property
    def title(self) -> str:
        """Return what the question is about, in words."""
        if self.kind == "identity":
            names = [*self.persons, *self.principals]
            rest = f" and {len(names) - 3 + self.more} more" if len(names) > 3 else ""
            return ", ".join(names[:3]) + rest
        words = {"key": "access key", "credential": "session", "address": "address", "network": "network",
                 "resource": "resource", "event": "event"}  # fmt: skip
        return f"{words[self.kind]} {self.value}"


def resolve(store: Store, engine: Engine, text: str) -> Asked:
    """Return what a text stands for; an unknown name is an error that offers near ones."""
    text = text.strip()
    if _EVENT.fullmatch(text.lower()):
        return Asked("event", text, value=text.lower())
    if _KEY.fullmatch(text.upper()):
        return Asked("key", text, value=text.upper())
    if _TEMPORARY.fullmatch(text):
        return Asked("credential", text, value=text)
    if address := _address(text):
        return address
    return _identity(store, engine, text)


def _address(text: str) -> Asked | None:
    if re.fullmatch(r"vpce-[0-9a-f]+", text):
        return Asked("network", text, value=text)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
    if network.num_addresses == 1:
        return Asked("address", text, value=str(network.network_address))
    wide = 24 if network.version == 4 else 48
    if network.prefixlen != wide:
        raise StoreError(f"networks are kept as /{wide}", where=text, hint=f"{network.network_address}/{wide}")
    return Asked("network", text, value=network_of(str(network.network_address)))


def network_of(address: str) -> str:
    """Return the network under which activity keeps an address: its /24, or its /48 as events.sql spells it."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv4Address):
        return f"{ip}".rpartition(".")[0] + ".0/24"
    return ":".join(f"{int(part, 16):x}" for part in ip.exploded.split(":")[:3]) + "::/48"


def _identity(store: Store, engine: Engine, text: str) -> Asked:
    store.show(engine, "seen")
    if kind := _KIND.fullmatch(text):
        rows = engine.rows(
            "select distinct principal from seen where dimension = 'account' and starts_with(principal, $account) and "
            "regexp_replace(lower(split_part(principal, '/', 2) || '/' || split_part(principal, '/', -1)), "
            "'^role/awsreservedsso_', 'role/') = $name order by principal",
            account=kind[1] or "", name=f"{kind[2]}/{_SUFFIX.sub('', kind[3])}".lower(),
        )  # fmt: skip
        found = [identity.Subject("principal", row[0]) for row in rows]
    else:
        # Only temporary keys are looked up among the sessions, and those do not come this way.
        store.show(engine, "sessions", days=(_NEVER, _NEVER))
        found = identity.find(engine, text)
    if found:
        persons = tuple(one.value for one in found if one.kind == "person")
        principals = tuple(one.value for one in found if one.kind == "principal")
        left = max(0, len(found) - LIMIT)
        return Asked("identity", text, persons[:LIMIT], principals[: max(0, LIMIT - len(persons))], more=left)
    if _ARN.fullmatch(text):
        return Asked("resource", text, value=text)
    raise StoreError(f"nobody and nothing is called {text!r}", where=store.uri, hint=identity.near(engine, text))


_NEVER = date(1970, 1, 1)
