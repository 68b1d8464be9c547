"""Addresses: which network addresses an outgoing request may reach."""

import ipaddress
from collections.abc import Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_REFUSED: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        # IANA IPv4 and IPv6 special-purpose address registries (RFC 6890), and what embeds an IPv4 address.
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "168.63.129.16/32",  # the metadata address of a cloud that uses a public one
    )
)
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
"""All of the IPv6 unicast addresses given out so far; everything else is refused, NAT64 and IPv4-mapped ones included."""
_REFUSED_6: tuple[ipaddress.IPv6Network, ...] = tuple(
    ipaddress.IPv6Network(text)
    for text in (
        "2001::/23",  # protocol assignments, Teredo among them
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",
        "3ffe::/16",
        "3fff::/20",
    )
)


def public(address: Address) -> bool:
    """Whether the address is one of the public internet's. `is_global` of the standard library lets several private forms pass."""
    if isinstance(address, ipaddress.IPv4Address):
        return not any(address in network for network in _REFUSED)
    return address in _GLOBAL_6 and not any(address in network for network in _REFUSED_6)


class Allowed:
    """The entries of `http.allow`: hosts, addresses and networks, each with a port or without."""

    def __init__(self, entries: Sequence[str]) -> None:
        self._names: set[tuple[str, int | None]] = set()
        self._networks: list[tuple[Network, int | None]] = []
        for entry in entries:
            network = _network(entry)
            if network is not None:
                self._networks.append((network, None))
                continue
            host, port = _split(entry)
            network = _network(host)
            if network is not None:
                self._networks.append((network, port))
            else:
                self._names.add((host.lower().rstrip("."), port))

    def name(self, host: str, port: int) -> bool:
        """Whether a host is allowed by its name, whatever its address."""
        host = host.lower().rstrip(".")
        return (host, None) in self._names or (host, port) in self._names

    def address(self, address: Address, port: int) -> bool:
        """Whether an address may be connected to: a public one, or one that is named."""
        if public(address):
            return True
        seen = mapped(address)
        return any(
            other in (None, port) and (address in network or seen in network) for network, other in self._networks
        )


def mapped(address: Address) -> Address:
    """The IPv4 address in an IPv4-mapped IPv6 one (RFC 4291, section 2.5.5.2), which the machine really connects to."""
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _split(entry: str) -> tuple[str, int | None]:
    host, colon, port = entry.rpartition(":")
    if colon and port.isascii() and port.isdigit():
        return host.removeprefix("[").removesuffix("]"), int(port)
    return entry.removeprefix("[").removesuffix("]"), None


def _network(text: str) -> Network | None:
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        return None
