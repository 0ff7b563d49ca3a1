"""No dependency has a version with a known vulnerability, and each dependency was assessed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Any

import pytest
import yaml
from packaging.version import Version

from config.settings import ROOT
from tests.contract.test_compose import base_images
from tests.support.locks import DISTRIBUTED, read_lock

FLOORS = yaml.safe_load((ROOT / "tools/floors.yaml").read_text())


def python_packages() -> list[tuple[str, str]]:
    return sorted({(pin.name, pin.version) for lock in DISTRIBUTED for pin in read_lock(lock)})


def java_libraries() -> list[tuple[str, str]]:
    lines = (ROOT / "engine/dependencies.txt").read_text().splitlines()
    return [(name, version) for name, version in (line.split() for line in lines)]


def images() -> list[tuple[str, str]]:
    """Name and version of the images that ours are built from, and of those that run as they are."""
    return sorted((name, tag.removeprefix("v")) for name, _, tag in (image.partition(":") for image in base_images()))


DEPENDENCIES = [("pypi", python_packages()), ("maven", java_libraries()), ("images", images())]


def findings(known: dict[str, Any], dependencies: Iterable[tuple[str, str]]) -> list[str]:
    """Dependencies below their floor, and dependencies that weren't assessed."""
    found = []
    for name, version in dependencies:
        floors = [(floor, why) for pattern, (floor, why) in known["floors"].items() if fnmatchcase(name, pattern)]
        if not floors and name not in known["none_known"]:
            found.append(f"{name} {version}: look up its vulnerabilities, and add it to tools/floors.yaml")
        found += [f"{name} {version}: {why}, closed in {low}" for low, why in floors if release(version) < release(low)]
    return found


def release(version: Any) -> Version:
    """The numbers of a version, without a qualifier: 3.30.2-GA → 3.30.2."""
    return Version(re.match(r"\d+(\.\d+)*", str(version))[0])


@pytest.mark.parametrize(("kind", "dependencies"), DEPENDENCIES)
def test_no_dependency_is_known_to_be_vulnerable(kind: str, dependencies: list[tuple[str, str]]) -> None:
    assert len(dependencies) > (8 if kind == "images" else 50)
    assert findings(FLOORS[kind], dependencies) == []


@pytest.mark.parametrize(("kind", "dependencies"), DEPENDENCIES)
def test_each_assessed_dependency_exists(kind: str, dependencies: list[tuple[str, str]]) -> None:
    names = {name for name, _ in dependencies}
    assessed = [*FLOORS[kind]["floors"], *FLOORS[kind]["none_known"]]
    assert [each for each in assessed if not any(fnmatchcase(name, each) for name in names)] == []


def test_an_old_version_and_an_unknown_dependency_are_found() -> None:
    python = findings(FLOORS["pypi"], [("jinja2", "2.4.1"), ("left-pad", "1.0"), ("jinja2", "3.1.6")])
    assert [each.split(":")[0] for each in python] == ["jinja2 2.4.1", "left-pad 1.0"]
    java = findings(
        FLOORS["maven"], [("commons-lang3", "3.17.0"), ("log4j-core", "2.24.3"), ("javassist", "3.30.2-GA")]
    )
    assert [each.split(":")[0] for each in java] == ["commons-lang3 3.17.0", "log4j-core 2.24.3"]
    tags = findings(
        FLOORS["images"], [("postgres", "17.6-bookworm"), ("eclipse-temurin", "17.0.17_10-jre"), ("nginx", "1.29.0")]
    )
    assert [each.split(":")[0] for each in tags] == [
        "postgres 17.6-bookworm",
        "eclipse-temurin 17.0.17_10-jre",
        "nginx 1.29.0",
    ]
