"""The Docker Engine on this machine."""

from __future__ import annotations

import re
import subprocess

ENGINE = ("docker", "version", "--format", "{{.Server.Version}}")
COMPOSE = ("docker", "compose", "version", "--short")
# before 27 ip6tables is one of the experimental features
EXPERIMENTAL = ("docker", "info", "--format", "{{.ExperimentalBuild}}")
# docs/how-to/docker.md names them
OLDEST_ENGINE, OLDEST_COMPOSE = (25, 0), (2, 24)


def find_missing() -> str:
    """What this machine lacks of Docker; an empty string if nothing."""
    for name, command, oldest in (("Engine", ENGINE, OLDEST_ENGINE), ("Compose", COMPOSE, OLDEST_COMPOSE)):
        found, printed = _read_version(command)
        if found < oldest:
            return f"Docker {name} {'.'.join(map(str, oldest))} or newer; `{' '.join(command)}` says: {printed}"
    return ""


def keeps_ipv6_addresses() -> bool:
    """Whether containers see the addresses of clients that come by IPv6: an engine before 27 needs ip6tables."""
    return _read_version(ENGINE)[0] >= (27, 0) or _read_version(EXPERIMENTAL)[1] == "true"


def _read_version(command: tuple[str, ...]) -> tuple[tuple[int, ...], str]:
    """Major and minor version that a command prints, and all that it prints; (0, 0) if it prints none."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return (0, 0), "command not found"
    found = re.match(r"v?(\d+)\.(\d+)", done.stdout)
    numbers = tuple(map(int, found.groups())) if found else (0, 0)
    return numbers, (done.stdout + done.stderr).strip()
