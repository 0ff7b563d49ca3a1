"""Assigns an address and a port to each part: the configured ones, or free ones if those can't be bound."""

from __future__ import annotations

import os
from collections.abc import Callable
from urllib.parse import urlsplit

from config.settings import Settings, environment_name
from stack.addresses import LOOPBACK, bind_host, find_address, find_port, join_address
from stack.parts import is_local
from stack.supervisor import PartFailed

PARTS_WITH_URL = ("front", "engine", "webapp", "lab", "government", "sms", "workers")

Say = Callable[[str], None]


def assign_ports(settings: Settings, say: Say) -> dict[str, str]:
    """Set the URLs of parts on this machine in the environment, and return them; prints those that differ.

    Raises:
        PartFailed: this machine has no loopback address.
    """
    moved: dict[str, str] = {}
    chosen: set[int] = set()
    urls = {(name, "url"): getattr(settings, name).url for name in PARTS_WITH_URL}
    if settings.front.url:
        urls["front", "metrics_url"] = settings.front.metrics_url
    ours = {names: urlsplit(url) for names, url in urls.items() if url and is_local(url)}
    mail = settings.mail
    hosts = _usable_hosts({str(address.hostname) for address in ours.values()} | ({mail.host} & {*LOOPBACK}), say)
    for (name, key), address in ours.items():
        host = hosts[str(address.hostname)]
        port = _find_free_port(name, host, address.port or 80, chosen, say)
        moved[environment_name(name, key)] = f"http://{join_address(host, port)}"
    if mail.host in hosts:
        moved[environment_name("mail", "host")] = hosts[mail.host]
        moved[environment_name("mail", "port")] = str(_find_free_port("mail", hosts[mail.host], mail.port, chosen, say))
    os.environ.update(moved)
    return moved


def _usable_hosts(hosts: set[str], say: Say) -> dict[str, str]:
    """Return for each host itself, or a loopback address that can be bound: there may be IPv6 only."""
    usable = {}
    for host in hosts:
        other = next(filter(find_address, (host, *LOOPBACK)), None)
        if other is None:
            raise PartFailed("neither 127.0.0.1 nor ::1 can be used: bring up the loopback interface")
        if other != host:
            say(f"{host} can't be used on this machine: {other} is used instead")
        usable[host] = other
    return usable


def _find_free_port(name: str, host: str, port: int, chosen: set[int], say: Say) -> int:
    free = port
    while free in chosen or not find_address(host, free):
        free = find_port(bind_host(host))
    if free != port:
        say(f"port {port} is in use: {name} listens on {free} instead")
    chosen.add(free)
    return free
