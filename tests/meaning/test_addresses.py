"""Source addresses in every spelling that was seen: their network, their one spelling, their kind."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

# what the record says, (address, ip, kind)
ADDRESSES: dict[str, tuple[str, str | None, str]] = {
    "203.0.113.7": ("203.0.113.0/24", "203.0.113.7", "public"),  # a documentation network is public here
    "198.51.100.255": ("198.51.100.0/24", "198.51.100.255", "public"),
    "192.0.0.2/24": ("192.0.0.0/24", "192.0.0.2", "public"),
    "06.237.252.245": ("6.237.252.0/24", "6.237.252.245", "public"),
    "035.249.253.232": ("35.249.253.0/24", "35.249.253.232", "public"),
    "253.252.51.07": ("253.252.51.0/24", "253.252.51.7", "public"),
    "10.0.0.1": ("10.0.0.0/24", "10.0.0.1", "private"),
    "100.64.3.4": ("100.64.3.0/24", "100.64.3.4", "private"),
    "100.128.3.4": ("100.128.3.0/24", "100.128.3.4", "public"),
    "172.16.5.4": ("172.16.5.0/24", "172.16.5.4", "private"),
    "172.31.255.1": ("172.31.255.0/24", "172.31.255.1", "private"),
    "172.32.0.1": ("172.32.0.0/24", "172.32.0.1", "public"),
    "169.254.170.2": ("169.254.170.0/24", "169.254.170.2", "private"),
    "127.0.0.1": ("127.0.0.0/24", "127.0.0.1", "private"),
    "::ffff:1.2.3.4": ("1.2.3.0/24", "1.2.3.4", "public"),
    "::FFFF:cb00:7107": ("203.0.113.0/24", "203.0.113.7", "public"),
    "2001:DB8:0001:0002:0000:0000:0000:00AB": ("2001:db8:1::/48", "2001:db8:1:2::ab", "public"),
    "2001:db8::1": ("2001:db8:0::/48", "2001:db8::1", "public"),
    "2001:db8:1:2:3:4:5:6": ("2001:db8:1::/48", "2001:db8:1:2:3:4:5:6", "public"),
    "fd00:ec2::254": ("fd00:ec2:0::/48", "fd00:ec2::254", "private"),
    "fe80::1": ("fe80:0:0::/48", "fe80::1", "private"),
    "::1": ("0:0:0::/48", "::1", "private"),
    "autoscaling.amazonaws.com": ("autoscaling.amazonaws.com", None, "service"),
    "EC2.amazonaws.com": ("ec2.amazonaws.com", None, "service"),
    "sts.cn-north-1.amazonaws.com.cn": ("sts.cn-north-1.amazonaws.com.cn", None, "service"),
    "AWS Internal": ("AWS Internal", None, "aws"),
    "AWS Internal/7": ("AWS Internal", None, "aws"),
    "": ("", None, "none"),
    "1.2.3.400": ("", None, "none"),
    "1.2.3": ("", None, "none"),
    "1.2.3.4.5": ("", None, "none"),
    "1::2::3": ("", None, "none"),
    "1:2:3:4:5:6:7:8:9": ("", None, "none"),
    "12:34": ("", None, "none"),
    "<script>alert(1)</script>": ("", None, "none"),
    "evil.example.com": ("", None, "none"),
    "\x1b[2J.amazonaws.com": ("", None, "none"),
    "'; drop table events; --": ("", None, "none"),
}


def test_every_spelling(make: SimpleNamespace, said: Callable[..., list[dict[str, Any]]]) -> None:
    rows = said(*(make.record(sourceIPAddress=text) for text in ADDRESSES))
    found = {text: (row["address"], row["ip"], row["ip_kind"]) for text, row in zip(ADDRESSES, rows, strict=True)}
    assert found == ADDRESSES


def test_an_endpoint_stands_for_a_private_address_only(
    make: SimpleNamespace, said: Callable[..., list[dict[str, Any]]]
) -> None:
    rows = said(
        make.record(sourceIPAddress="10.1.2.3", vpcEndpointId="vpce-0a1b2c3d"),
        make.record(sourceIPAddress="203.0.113.7", vpcEndpointId="vpce-0a1b2c3d"),
        make.record(sourceIPAddress="10.1.2.3", vpcEndpointId="AWS Internal"),
        make.record(sourceIPAddress="10.1.2.3", vpcEndpointId="s3.amazonaws.com"),
    )
    assert [row["address"] for row in rows] == ["vpce-0a1b2c3d", "203.0.113.0/24", "10.1.2.0/24", "10.1.2.0/24"]
