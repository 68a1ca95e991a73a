"""Addresses of clients: how proxies write them, and what counts as one."""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address

MOST_REMEMBERED = 10_000
_NETWORK_OF_ONE = 64
"""Bits of an IPv6 address that name a customer; the others they choose as they like."""
_WITH_PORT = re.compile(r"(?:\[(?P<v6>[^\]]*)\]|(?P<v4>[0-9.]*))(?::[0-9]*)?")


def address_in(text: str) -> str | None:
    """Return the address that an entry of X-Forwarded-For names, with or without a port; None where it names none."""
    found = _WITH_PORT.fullmatch(text)
    parsed = _parse(text if found is None else found["v6"] or found["v4"] or "")
    return None if parsed is None else str(parsed)


@lru_cache(MOST_REMEMBERED)
def network_of(address: str | None) -> str:
    """Return what counts as one address: all of IPv4's, the network part of IPv6's."""
    parsed = _parse(address or "")
    if parsed is None:
        return "unknown"  # a server on a Unix socket knows no address
    if isinstance(parsed, IPv6Address):
        return str(parsed.ipv4_mapped or IPv6Address(int(parsed) >> _NETWORK_OF_ONE << _NETWORK_OF_ONE))
    return str(parsed)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    """Read an address; the zone of an IPv6 one (`%eth0`), which may be any text, means nothing elsewhere."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None
