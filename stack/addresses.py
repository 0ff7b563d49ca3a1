"""Addresses of servers on this machine, IPv4 or IPv6: which can be bound, and their form in URLs."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def find_address(host: str, port: int = 0) -> str | None:
    """Return the host's first address at which this port can be bound, or None."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror:
        return None
    return next((str(address[0]) for family, *_, address in found if _can_bind(family, address)), None)


def find_port(host: str) -> int:
    """Return a free port of a host on this machine."""
    with socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        return probe.getsockname()[1]


def bind_address(url: str) -> str:
    """Return the address that a server for this URL binds, as host:port; "localhost" may be IPv6 only."""
    address = urlsplit(url)
    return join_address(bind_host(str(address.hostname)), address.port or (443 if address.scheme == "https" else 80))


def bind_host(host: str) -> str:
    """Return the address that a server binds for this host; other machines' names are returned as they are."""
    return find_address(host) or host if host in LOOPBACK else host


def join_address(host: str, port: int) -> str:
    """Return host:port as in a URL (RFC 3986, 3.2.2)."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _can_bind(family: int, address: tuple) -> bool:
    try:
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError:
        return False
    return True
