"""A client of its own on this machine, which comes by IPv6. Needs root, and iproute2."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.namespaces import entered, run

NAME = "coronacare-ipv6"
DEVICE = "cc-ipv6"
# the login throttle counts networks of 64 bits; for documentation (RFC 3849), so they aren't in use
NETWORKS = ("2001:db8:1:1", "2001:db8:1:2")


@contextmanager
def ipv6_client() -> Iterator[list[str]]:
    """Move this thread to the client; yields this machine's address in each of the client's networks."""
    run("ip", "netns", "add", NAME)
    try:
        run("ip", "link", "add", DEVICE, "type", "veth", "peer", "name", "eth0", "netns", NAME)
        _set_up("1", DEVICE)
        _set_up("2", "eth0", "-netns", NAME)
        with entered(NAME):
            yield [f"[{network}::1]" for network in NETWORKS]
    finally:
        run("ip", "netns", "delete", NAME)


def _set_up(number: str, device: str, *namespace: str) -> None:
    run("ip", *namespace, "link", "set", device, "up")
    for network in NETWORKS:
        # without waiting for others of the same address
        run("ip", *namespace, "address", "add", f"{network}::{number}/64", "dev", device, "nodad")
