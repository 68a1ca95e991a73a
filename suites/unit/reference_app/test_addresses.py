"""Addresses of clients: how proxies write them, and what counts as one."""

import pytest

from reference_app.addresses import address_in, network_of


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("", "unknown"),
        (None, "unknown"),
        ("a socket", "unknown"),
        ("fe80::1%eth0", "fe80::"),
    ],
)
def test_network(address: str | None, network: str) -> None:
    """An IPv4 address counts alone; of IPv6 a customer has 64 bits to choose from, which count as one."""
    assert network == network_of(address)


@pytest.mark.parametrize(
    ("entry", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1:443", "192.0.2.1"),
        ("2001:db8::1", "2001:db8::1"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("fe80::1%" + "x" * 100, "fe80::1"),
        ("unknown", None),
        ("_hidden", None),
        ("192.0.2.1:443:443", None),
        ("192.0.2.1\n", None),
        ("[]:443", None),
        ("1" * 100, None),
        ("", None),
    ],
)
def test_entry_of_a_proxy(entry: str, address: str | None) -> None:
    """Proxies may add the port; what is no address is none."""
    assert address == address_in(entry)
