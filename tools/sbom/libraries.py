"""What our images contain besides their base image: packages of Python and npm, and the engine's libraries."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import quote

from packaging.requirements import Requirement

# copied into the image by the Dockerfile's stage `css`
NPM_PACKAGES = ("@expo-google-fonts/noto-sans", "@expo-google-fonts/vazirmatn", "govuk-frontend")

# added to the engine's jar by spring-boot-maven-plugin, so that it isn't among Maven's dependencies
JAR_TOOLS = "spring-boot-jarmode-tools"


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
        {"type": "library", "name": name, "version": version, "purl": f"pkg:npm/{quote(name)}@{version}"}
        for name, version in versions.items()
    ]


def read_engine_components(document: dict[str, Any], listed: str) -> list[dict[str, Any]]:
    """Return the engine and the libraries in its jar, as components.

    Args:
        document: Maven's, with the engine's dependencies.
        listed: content of engine/dependencies.txt: the libraries in the jar, one per line.

    Raises:
        MissingLibrary: a library in the jar isn't in the document.
    """
    components = [*document["components"], *_read_jar_tools(listed)]
    if missing := set(listed.splitlines()) - {_name_in_jar(each) for each in components}:
        raise MissingLibrary(
            f"Maven's document lacks {', '.join(sorted(missing))}: is engine/dependencies.txt up to date?"
        )
    return [document["metadata"]["component"], *components]


def _read_jar_tools(listed: str) -> list[dict[str, Any]]:
    versions = re.findall(rf"^{JAR_TOOLS} (\S+)$", listed, re.MULTILINE)
    return [
        {
            "type": "library",
            "group": "org.springframework.boot",
            "name": JAR_TOOLS,
            "version": version,
            "purl": f"pkg:maven/org.springframework.boot/{JAR_TOOLS}@{version}?type=jar",
        }
        for version in versions
    ]


def _name_in_jar(component: dict[str, Any]) -> str:
    """Return name and version as in engine/dependencies.txt, where the classifier is part of the version."""
    classifier = re.search(r"classifier=([^&]+)", component["purl"])
    return f"{component['name']} {component['version']}" + (f"-{classifier[1]}" if classifier else "")
