"""Other names for accounts, people, keys, addresses and resources: the same each time, and no way back without the key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

_MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
_PATTERN = re.compile(
    rf"(?P<mail>{_MAIL})"
    r"|(?P<signer>\b(?:AKIA|ASIA|AIDA|AROA|AGPA|AIPA|ANPA|ANVA|ASCA|ABIA|ACCA)[A-Za-z0-9]{8,})"
    r"|(?P<account>(?<![\d.-])\d{12}(?![\d.]))"
    r"|(?P<ip>(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.]))"
    r"|(?P<ip6>(?<![0-9A-Za-z:.])(?:[0-9a-fA-F]{1,4}:){2,7}(?::?[0-9a-fA-F]{0,4}){0,6})"
    r"|(?P<resource>\b(?:i|vol|snap|ami|sg|vpc|subnet|eni|vpce|rtb|igw|key|eipalloc)-[0-9a-f]{8,17}\b)"
)
_SAFE = re.compile(
    r"|true|false|null|Active|Inactive|Yes|No|Success|Failure|Allow|Deny|\*|-?\d{1,11}(?:\.\d+)?"
    r"|\d{4}-\d\d-\d\dT[\d:.]+Z?|[a-z]{2}(?:-[a-z]+)+-\d|arn:aws[a-z-]*:iam::aws:.*|[a-z0-9-]+\.amazonaws\.com"
)
_OWN = re.compile(r"^(?:AWSServiceRoleFor\w+|OrganizationAccountAccessRole|root|anonymous|unknown|aws)$")
_LOOSE = re.compile(r"^[A-Za-z0-9_./+@:=,-]{3,200}$")
NESTED = frozenset(
    {"request", "response", "additional", "service_details", "resources", "in_scope_of", "addendum", "raw", "tls"}
)
NAMED = (
    "person", "user_name", "issuer_name", "session_name", "source_identity", "target", "target_user", "subject",
    "identity_store_user", "parent_person", "account_name",
)  # fmt: skip
# What says what happened and not to whom stays as it is, or the case could not be read.
KEPT = frozenset({
    "event_source", "event_name", "event_type", "event_category", "event_version", "aws_region", "region", "action",
    "outcome", "origin", "ip_kind", "client", "identity_type", "mfa", "severity", "status", "kind", "detection",
    "detection_version", "attack", "tactic", "practices", "event_id", "shared_event_id", "request_id", "dt", "why",
    "event_time", "first_time", "last_time", "ingested_at", "issuer_type", "error_code", "id", "incident",
})  # fmt: skip


class Pseudonyms:
    """Replaces what names somebody; the same value gets the same other name under one key."""

    def __init__(self, key: bytes, *, names: Iterable[str] = ()) -> None:
        self._key = key
        self.known: dict[str, str] = {}
        self._names: dict[str, str] = {}
        self._finder: re.Pattern[str] | None = None
        self.learn(names)

    def learn(self, names: Iterable[str]) -> None:
        """Remember names, so that they are found inside of texts too."""
        for name in names:
            if (
                _LOOSE.match(name)
                and not _OWN.match(name)
                and not _PATTERN.fullmatch(name)
                and not _SAFE.fullmatch(name)
            ):
                self._names.setdefault(name, self._name(name))
        longest = sorted(self._names, key=len, reverse=True)
        self._finder = re.compile(
            "|".join(rf"(?<![A-Za-z0-9]){re.escape(name)}(?![A-Za-z0-9])" for name in longest), re.IGNORECASE
        ) if longest else None  # fmt: skip
        self._names |= {name.lower(): other for name, other in self._names.items()}

    def gather(self, row: Mapping[str, Any]) -> list[str]:
        """Return the names that a row of a table holds, to be learned before anything is written."""
        found = [str(row[name]) for name in NAMED if row.get(name)]
        principals = [str(row[name]) for name in ("principal", "role", "parent_principal") if row.get(name)]
        found += [one.rpartition("/")[2].removeprefix("AWSReservedSSO_") for one in principals]
        for name in NESTED & set(row):
            found += _leaves(_json(row[name]))
        return [
            part for name in found for part in {name, name.partition("@")[0], name.rpartition("/")[2]} if len(part) > 2
        ]

    def value(self, value: Any, *, field: str = "") -> Any:
        """Return a value with every name in it replaced, into any depth."""
        if isinstance(value, Mapping):
            return {self._key_of(str(name)): self.value(inner, field=str(name)) for name, inner in value.items()}
        if isinstance(value, (list, tuple)):
            return [self.value(inner, field=field) for inner in value]
        if not isinstance(value, str) or field in KEPT:
            return value
        if field in NESTED and (inner := _json(value)) is not None:
            return json.dumps(self._inside(inner), ensure_ascii=False, separators=(",", ":"))
        return self.text(value)

    def text(self, text: str) -> str:
        """Return a text with the names, keys, accounts and addresses in it replaced."""
        if text.startswith("arn:") and re.fullmatch(r"arn:aws[a-z-]*:iam::aws:\S+", text):
            return text
        text = _PATTERN.sub(self._found, text)
        return self._finder.sub(lambda match: self._names[match[0].lower()], text) if self._finder else text

    def _inside(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._key_of(name): self._inside(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._inside(inner) for inner in value]
        if not isinstance(value, str) or _SAFE.fullmatch(value):
            return value
        replaced = self.text(value)
        # What no pattern and no name found may still say something: here nothing stays as it is.
        return replaced if replaced != value else self._name(value)

    def _key_of(self, name: str) -> str:
        return self.text(name) if _PATTERN.search(name) else name

    def _found(self, match: re.Match[str]) -> str:
        kind, value = str(match.lastgroup), match[0]
        made = getattr(self, f"_{kind}")(value)
        self.known[value] = made
        return str(made)

    def _hash(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind}\0{value}".encode("utf-8", "surrogatepass"), hashlib.sha256).digest()

    def _name(self, value: str) -> str:
        made = f"name-{self._hash('name', value.lower()).hex()[:10]}"
        self.known[value] = made
        return made

    def _mail(self, value: str) -> str:
        return f"person-{self._hash('mail', value.lower()).hex()[:10]}@example.invalid"

    def _signer(self, value: str) -> str:
        return value[:4] + base64.b32encode(self._hash("key", value)).decode()[: max(12, len(value) - 4)]

    def _account(self, value: str) -> str:
        return f"{int.from_bytes(self._hash('account', value)[:8], 'big') % 10**12:012d}"

    def _resource(self, value: str) -> str:
        return f"{value.partition('-')[0]}-{self._hash('resource', value).hex()[:17]}"

    def _ip(self, value: str) -> str:
        try:
            ipaddress.ip_address(value)
        except ValueError:
            return value
        network, _, host = value.rpartition(".")
        hashed = self._hash("network", network)
        # A range that nobody has; addresses of one /24 stay neighbours.
        last = 0 if host == "0" else 1 + self._hash("host", value)[0] % 254
        return f"{240 + hashed[0] % 15}.{hashed[1]}.{hashed[2]}.{last}"

    def _ip6(self, value: str) -> str:
        try:
            address = ipaddress.IPv6Address(value)
        except ValueError:
            return value
        network = ":".join(address.exploded.split(":")[:3])
        hashed, host = self._hash("network", network).hex(), self._hash("host", address.exploded).hex()
        end = "" if int(address) & (2**80 - 1) == 0 else host[:4]
        return f"fd{hashed[:2]}:{hashed[2:6]}:{hashed[6:10]}::{end}"


def _leaves(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in _leaves(inner)]
    if isinstance(value, list):
        return [leaf for inner in value for leaf in _leaves(inner)]
    return [value] if isinstance(value, str) and len(value) <= 200 else []


def _json(text: Any) -> Any:
    try:
        found = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, (dict, list)) else None
