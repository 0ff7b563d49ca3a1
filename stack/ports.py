"""Finds a port for each part: the configured one, or another free one when that is taken."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from urllib.parse import urlsplit

from config.settings import Settings, environment_name
from stack.parts import LOOPBACK, is_ours

PARTS_WITH_URL = ("front", "engine", "webapp", "lab", "government", "sms", "workers")


def settle(settings: Settings, say: Callable[[str], None]) -> dict[str, str]:
    """Environment variables that move the parts whose port is taken; says which were moved."""
    moved: dict[str, str] = {}
    chosen: set[int] = set()
    urls = {(name, "url"): getattr(settings, name).url for name in PARTS_WITH_URL}
    if settings.front.url:
        urls["front", "metrics_url"] = settings.front.metrics_url
    for (name, key), url in urls.items():
        if url and is_ours(url):
            address = urlsplit(url)
            port = _free(name, str(address.hostname), address.port or 80, chosen, say)
            moved[environment_name(name, key)] = f"http://{address.hostname}:{port}"
    if settings.mail.host in LOOPBACK:
        port = _free("mail", settings.mail.host, settings.mail.port, chosen, say)
        moved[environment_name("mail", "port")] = str(port)
    os.environ.update(moved)
    return moved


def _free(name: str, host: str, port: int, chosen: set[int], say: Callable[[str], None]) -> int:
    found = port
    while found in chosen or not _is_free(host, found):
        found = _any_free(host)
    if found != port:
        say(f"port {port} is taken: {name} answers on {found} instead")
    chosen.add(found)
    return found


def _is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def _any_free(host: str) -> int:
    with socket.socket() as probe:
        probe.bind((host, 0))
        return probe.getsockname()[1]
