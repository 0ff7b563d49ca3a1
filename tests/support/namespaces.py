"""Hosts on a separate network: Linux network namespaces, each with an address and a firewall."""

from __future__ import annotations

import ctypes
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

NETWORK = "10.77.0"
# address of the tests' own process
OPERATOR = f"{NETWORK}.1"
BRIDGE = "coronacare0"
CLONE_NEWNET = 0x40000000


class Host:
    """A network namespace; `command` wraps a command so that it runs in it."""

    def __init__(self, name: str, address: str):
        self.name = name
        self.address = address
        self._namespace = f"coronacare-{name}"

    def command(self, command: Sequence[str]) -> list[str]:
        return ["ip", "netns", "exec", self._namespace, *command]

    def create(self, number: int) -> None:
        inner, outer = f"cc-in{number}", f"cc-out{number}"
        run("ip", "netns", "add", self._namespace)
        run("ip", "link", "add", outer, "type", "veth", "peer", "name", inner, "netns", self._namespace)
        run("ip", "link", "set", outer, "master", BRIDGE, "up")
        # IPv6 isn't used here, and sends packets unasked (neighbour discovery)
        run(*self.command(["sh", "-c", "echo 1 >/proc/sys/net/ipv6/conf/all/disable_ipv6"]))
        run(*self.command(["ip", "address", "add", f"{self.address}/24", "dev", inner]))
        for device in ("lo", inner):
            run(*self.command(["ip", "link", "set", device, "up"]))

    def load_firewall(self, rules: str) -> None:
        """Load these nftables rules as its firewall."""
        run(*self.command(["nft", "-f", "-"]), stdin=rules)

    def count_refused_packets(self) -> int:
        """The number of packets that its firewall has dropped or rejected, in both directions."""
        rules = run(*self.command(["nft", "list", "ruleset"]))
        counts = re.findall(r"counter packets (\d+) bytes \d+ (?:drop|reject)", rules)
        assert len(counts) == 2, rules
        return sum(map(int, counts))

    @contextmanager
    def entered(self) -> Iterator[None]:
        """Move this thread into the host's network namespace; sockets that it opens there stay in it."""
        with entered(self._namespace):
            yield

    def remove(self) -> None:
        run("ip", "netns", "delete", self._namespace)


@contextmanager
def network_of(names: Sequence[str]) -> Iterator[dict[str, Host]]:
    """Create a host for each name, on one network with the tests' process; remove them at the end."""
    assert os.getuid() == 0, (
        "only root may make network namespaces: run as root, or in `unshare --map-root-user --net --mount`"
    )
    hosts = {name: Host(name, f"{NETWORK}.{number}") for number, name in enumerate(names, start=2)}
    run("ip", "link", "add", BRIDGE, "type", "bridge")
    try:
        run("ip", "address", "add", f"{OPERATOR}/24", "dev", BRIDGE)
        run("ip", "link", "set", BRIDGE, "up")
        for number, host in enumerate(hosts.values()):
            host.create(number)
        yield hosts
    finally:
        for host in hosts.values():
            if Path(f"/run/netns/coronacare-{host.name}").exists():
                host.remove()
        run("ip", "link", "delete", BRIDGE)


@contextmanager
def entered(name: str) -> Iterator[None]:
    """Move this thread into a network namespace; sockets that it opens there stay in it."""
    with open("/proc/thread-self/ns/net") as before, open(f"/run/netns/{name}") as namespace:
        _enter(namespace.fileno())
        try:
            yield
        finally:
            _enter(before.fileno())


def _enter(namespace: int) -> None:
    if ctypes.CDLL(None, use_errno=True).setns(namespace, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


def run(*command: str, stdin: str | None = None) -> str:
    """Run a command, which must succeed; returns what it printed."""
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"
    return done.stdout
