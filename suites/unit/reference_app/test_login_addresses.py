"""What counts as one address when failed logins are counted."""

import pytest

from reference_app.services.login_throttle import network_of


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
    ],
)
def test_network(address: str | None, network: str) -> None:
    """An IPv4 address counts alone; of IPv6 a customer has 64 bits to choose from, which count as one."""
    assert network == network_of(address)
