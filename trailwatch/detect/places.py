"""Addresses: the declared networks that hold them, and their network operator and country where a database is given."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from trailwatch.config import Config
from trailwatch.errors import ConfigError, MissingExtra

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class Places:
    """The declared networks and the databases, ready for many look-ups."""

    def __init__(self, config: Config) -> None:
        self._ranges: list[tuple[_Network, str]] = []
        self._endpoints: dict[str, list[str]] = {}
        for name, entries in config.networks.items():
            for entry in entries:
                if entry.startswith("vpce-"):
                    self._endpoints.setdefault(entry, []).append(name)
                else:
                    self._ranges.append((ipaddress.ip_network(entry, strict=False), name))
        # The narrowest range names the network.
        self._ranges.sort(key=lambda item: -item[0].prefixlen)
        self._asn = _database(config.model.asn_database, "asn_database")
        self._country = _database(config.model.country_database, "country_database")

    def __bool__(self) -> bool:
        return bool(self._ranges or self._endpoints or self._asn or self._country)

    def with_endpoints(self) -> set[str]:
        """Return the names of networks that list VPC endpoints."""
        return {name for names in self._endpoints.values() for name in names}

    def row(self, ip: str, endpoint: str) -> dict[str, Any]:
        """Return what is known of an address and a VPC endpoint; either may be ''."""
        address = _address(ip)
        networks = list(dict.fromkeys(
            name for network, name in self._ranges
            if address is not None and network.version == address.version and address in network))  # fmt: skip
        endpoints = self._endpoints.get(endpoint, [])
        asn, country = _look_up(self._asn, ip), _look_up(self._country, ip)
        number = asn.get("autonomous_system_number")
        return {
            "ip": ip, "vpc_endpoint_id": endpoint, "networks": networks, "endpoints": endpoints,
            "network": next(iter((*endpoints, *networks)), ""),
            "asn": f"AS{number} {asn.get('autonomous_system_organization', '')}".strip() if number else "",
            "country": str((country.get("country") or {}).get("iso_code", "")),
        }  # fmt: skip

    def rows(self, pairs: Iterable[tuple[str, str]]) -> list[dict[str, Any]]:
        """Return what is known of many pairs of address and endpoint."""
        return [self.row(ip, endpoint) for ip, endpoint in pairs]


def _address(ip: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(ip)
    except ValueError:
        return None  # logs hold names of services where an address would stand


def _database(path: str, key: str) -> Any:
    if not path:
        return None
    try:
        import maxminddb  # noqa: PLC0415 - an extra that most do without
    except ImportError as error:
        raise MissingExtra(
            "address databases need maxminddb", hint="pip install 'trailwatch-cloudtrail[geo]'"
        ) from error
    if not Path(path).is_file():
        raise ConfigError(f"there is no file {path}", where=f"[model] {key}")
    try:
        return maxminddb.open_database(path)
    except maxminddb.InvalidDatabaseError as error:
        raise ConfigError(f"{path} is not an address database: {error}", where=f"[model] {key}") from error


def _look_up(database: Any, ip: str) -> dict[str, Any]:
    if database is None or _address(ip) is None:
        return {}
    found = database.get(ip)
    return found if isinstance(found, dict) else {}
