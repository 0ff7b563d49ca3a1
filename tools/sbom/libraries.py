"""What our images contain besides their base image: packages of Python and npm, and the engine's libraries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

# copied into the image by the Dockerfile's stage `css`
NPM_PACKAGES = ("govuk-frontend",)


class MissingLibrary(Exception):
    """Maven's document lacks libraries of the engine's jar; the message names them."""


def select_requirements(lock: str, python: str) -> str:
    """Return the requirements of a lock file that pip installs on Linux with this version of CPython, one per line."""
    environment = {
        "python_version": ".".join(python.split(".")[:2]),
        "python_full_version": python,
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "platform_system": "Linux",
    }
    lines = [
        line for line in lock.replace("\\\n", "").splitlines() if line.strip() and not line.lstrip().startswith("#")
    ]
    return "".join(f"{line}\n" for line in lines if _applies(line, environment))


def _applies(line: str, environment: dict[str, str]) -> bool:
    marker = Requirement(re.split(r"\s+--hash=", line.strip())[0]).marker
    return marker is None or marker.evaluate(environment)


def read_npm_components(lock: Path) -> list[dict[str, Any]]:
    """Return the npm packages that are copied into an image, as components."""
    packages = json.loads(lock.read_text())["packages"]
    versions = {name: packages[f"node_modules/{name}"]["version"] for name in NPM_PACKAGES}
    return [
        {"type": "library", "name": name, "version": version, "purl": f"pkg:npm/{name}@{version}"}
        for name, version in versions.items()
    ]


def check_libraries(components: list[dict[str, Any]], listed: str) -> None:
    """Compare components with the list of the libraries in the engine's jar.

    Args:
        listed: content of engine/dependencies.txt: name and version, one library per line.

    Raises:
        MissingLibrary: a library of the list isn't among the components.
    """
    found = {f"{each['name']} {each['version']}" for each in components}
    if missing := [line for line in listed.splitlines() if line not in found]:
        raise MissingLibrary(
            f"Maven's document lacks {', '.join(missing)}: does `make lock` change the list of libraries?"
        )
