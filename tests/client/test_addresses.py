"""Addresses: what an outgoing request may reach, by the address and by the names in `http.allow`."""

import ipaddress
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies

from penstock.addresses import Allowed, public

PRIVATE = (Path(__file__).parent / "private_addresses.txt").read_text().split()

PUBLIC = (Path(__file__).parent / "public_addresses.txt").read_text().split()


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    assert not public(ipaddress.ip_address(address))
    assert not Allowed([]).address(ipaddress.ip_address(address), 80)


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_reached(address: str) -> None:
    assert Allowed([]).address(ipaddress.ip_address(address), 443)


@settings(max_examples=300, deadline=None)
@given(strategies.ip_addresses(v=4))
def test_no_form_that_embeds_an_ipv4_address_is_public(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for high in (0, 0xFFFF << 32, 0xFFFF << 48, 0x64FF9B << 96, (0x2002 << 112) | (number << 80), 0x20010000 << 96):
        assert not public(ipaddress.IPv6Address(high | number))


@settings(max_examples=300, deadline=None)
@given(strategies.ip_addresses())
def test_nothing_that_python_calls_private_is_public(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    if (
        address.is_private
        or address.is_loopback
        or address.is_link_local
        or address.is_multicast
        or address.is_reserved
    ):
        assert not public(address)


@pytest.mark.parametrize(
    ("entry", "address", "port", "reached"),
    [
        ("10.0.0.0/8", "10.1.2.3", 80, True),
        ("10.0.0.0/8", "11.1.2.3", 80, True),
        ("10.0.0.0/8", "192.168.0.1", 80, False),
        ("10.0.0.0/8", "::ffff:10.1.2.3", 80, True),
        ("10.0.0.7", "10.0.0.7", 80, True),
        ("10.0.0.7", "10.0.0.8", 80, False),
        ("10.0.0.7:8080", "10.0.0.7", 8080, True),
        ("10.0.0.7:8080", "10.0.0.7", 80, False),
        ("fd00::/8", "fd00:ec2::254", 80, True),
        ("fd00::1", "fd00::1", 80, True),
        ("[fd00::1]:80", "fd00::1", 80, True),
        ("[fd00::1]:80", "fd00::1", 81, False),
        ("localhost", "127.0.0.1", 80, False),
    ],
)
def test_a_network_is_named(entry: str, address: str, port: int, reached: bool) -> None:
    assert Allowed([entry]).address(ipaddress.ip_address(address), port) is reached


@pytest.mark.parametrize(
    ("entry", "host", "port", "reached"),
    [
        ("search.internal", "search.internal", 80, True),
        ("search.internal", "SEARCH.internal.", 80, True),
        ("search.internal", "a.search.internal", 80, False),
        ("search.internal", "search.internal.example.com", 80, False),
        ("search.internal:9200", "search.internal", 9200, True),
        ("search.internal:9200", "search.internal", 80, False),
        ("10.0.0.7", "10.0.0.7", 80, False),
    ],
)
def test_a_host_is_named(entry: str, host: str, port: int, reached: bool) -> None:
    assert Allowed([entry]).name(host, port) is reached
