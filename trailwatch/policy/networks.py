"""From addresses to prefixes, by one stated rule: no net is wider than what was seen bears out."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

MOST_PREFIXES = 20  # more places than a list can hold: the list would be out of date at once
FEW = 4  # addresses of one /24 that are named one by one
NARROWEST, WIDEST = 28, 24  # of nets that are drawn around addresses
DENSITY = 16  # at least one address in so many of a net was used

RULE = (
    f"a declared network that holds the address; else the address itself; of more than {FEW} in one /{WIDEST} the "
    f"smallest net from /{NARROWEST} to /{WIDEST} of which one address in {DENSITY} was used; for IPv6 the /64"
)

_Net = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address


@dataclass(frozen=True)
class Prefix:
    """One prefix, and why it is that one."""

    cidr: str
    why: str


def generalise(addresses: Iterable[str], declared: Mapping[str, Sequence[str]]) -> tuple[Prefix, ...]:
    """Return prefixes that hold all of some addresses; texts that are no address are left out."""
    own = sorted(
        ((ipaddress.ip_network(entry, strict=False), name)
         for name, entries in declared.items() for entry in entries if not entry.startswith("vpce-")),
        key=lambda pair: -pair[0].prefixlen,
    )  # fmt: skip
    found: dict[_Net, str] = {}
    blocks: dict[_Net, set[_Address]] = {}
    for text in addresses:
        address = _read(text)
        if address is None:
            continue
        holder = next(((net, name) for net, name in own if net.version == address.version and address in net), None)
        if holder:
            found[holder[0]] = f"network {holder[1]} of the configuration"
        else:
            wide = WIDEST if address.version == 4 else 64
            blocks.setdefault(ipaddress.ip_network(f"{address}/{wide}", strict=False), set()).add(address)
    for block, used in blocks.items():
        found |= _block(block, used)
    ordered = sorted(found.items(), key=lambda pair: (pair[0].version, int(pair[0].network_address), pair[0].prefixlen))
    return tuple(Prefix(str(net), why) for net, why in ordered)


def _block(block: _Net, used: set[_Address]) -> dict[_Net, str]:
    if block.version == 6:
        return {block: f"the /64 of {_counted(len(used))}"}
    if len(used) > FEW:
        for length in range(NARROWEST, WIDEST - 1, -1):
            net = ipaddress.ip_network(f"{min(used, key=int)}/{length}", strict=False)
            if all(address in net for address in used):
                if len(used) * DENSITY >= net.num_addresses:
                    return {net: f"the smallest net of {_counted(len(used))}"}
                break
    return {ipaddress.ip_network(str(address)): "the address itself" for address in used}


def _read(text: str) -> _Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _counted(number: int) -> str:
    return f"{number} address{'es' * (number != 1)}"
