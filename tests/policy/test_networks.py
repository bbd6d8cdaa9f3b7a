"""Addresses become prefixes by one rule: declared networks, single addresses, small dense nets, and nothing wider."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trailwatch.policy.networks import DENSITY, FEW, NARROWEST, WIDEST, generalise

DECLARED = {"office": ["198.51.100.0/24"], "desk": ["198.51.100.16/28"], "endpoints": ["vpce-0123456789abcdef0"]}


def cidrs(*addresses: str) -> list[str]:
    return [one.cidr for one in generalise(addresses, DECLARED)]


@pytest.mark.parametrize(
    ("addresses", "wanted"),
    [
        (["198.51.100.200"], ["198.51.100.0/24"]),
        (["198.51.100.17", "198.51.100.200"], ["198.51.100.0/24", "198.51.100.16/28"]),
        (["203.0.113.7"], ["203.0.113.7/32"]),
        ([f"203.0.113.{n}" for n in (1, 2, 3, 4)], [f"203.0.113.{n}/32" for n in (1, 2, 3, 4)]),
        ([f"203.0.113.{n}" for n in range(1, 6)], ["203.0.113.0/28"]),
        ([f"203.0.113.{n}" for n in (0, 15, 16, 31, 32)], ["203.0.113.0/26"]),
        ([f"203.0.113.{n}" for n in range(0, 256, 50)], [f"203.0.113.{n}/32" for n in range(0, 256, 50)]),
        ([f"203.0.113.{n}" for n in range(0, 256, 16)], ["203.0.113.0/24"]),
        (["2001:db8::1", "2001:db8::2"], ["2001:db8::/64"]),
        (["AWS Internal", "", "lambda.amazonaws.com", "300.1.1.1"], []),
    ],
)
def test_each_address_by_the_rule(addresses: list[str], wanted: list[str]) -> None:
    assert cidrs(*addresses) == wanted


@given(st.lists(st.integers(0, 2**32 - 1).map(lambda n: str(ipaddress.IPv4Address(n))) | st.integers(0, 255).map(
    lambda n: f"203.0.113.{n}"), max_size=60))  # fmt: skip
def test_every_address_is_held_and_no_net_is_wide_or_thin(addresses: list[str]) -> None:
    found = [ipaddress.IPv4Network(one.cidr) for one in generalise(addresses, {})]
    used = {ipaddress.IPv4Address(one) for one in addresses}
    assert all(any(one in net for net in found) for one in used)
    for net in found:
        inside = sum(one in net for one in used)
        assert net.prefixlen == 32 or (WIDEST <= net.prefixlen <= NARROWEST and inside * DENSITY >= net.num_addresses)
        assert net.prefixlen == 32 or inside > FEW
