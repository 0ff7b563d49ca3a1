"""The lock files of the Python packages: their pins, and the versions of Python and the systems they are for."""

from __future__ import annotations

import configparser
import re
from dataclasses import dataclass
from functools import cache
from importlib import metadata

from packaging.markers import Marker, default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.settings import ROOT

# by lock file: the extras of setup.cfg that it includes
PRODUCT = {"requirements.txt": (), "requirements-lint.txt": ("lint",), "requirements-test.txt": ("lint", "test")}
TOOLS = tuple(sorted(str(path.relative_to(ROOT)) for path in ROOT.glob("tools/*/requirements.txt")))
LOCKS = (*PRODUCT, *TOOLS)
# pm4py (AGPL) reads our event logs in `make verify` only, in an environment of its own, and is never distributed: its
# licence and its known vulnerabilities aren't judged
DISTRIBUTED = tuple(lock for lock in LOCKS if lock != "tools/mining/requirements.txt")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
SYSTEMS = (("linux", "Linux"), ("darwin", "Darwin"))
ENVIRONMENTS = [
    {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": system,
    }
    for python in PYTHONS
    for platform, system in SYSTEMS
]


@dataclass(frozen=True)
class Pin:
    """One package of a lock file."""

    name: str
    version: str
    marker: Marker | None
    hashes: tuple[str, ...]

    def holds_in(self, environment: dict[str, str]) -> bool:
        return self.marker is None or self.marker.evaluate(environment)


def read_lock(file: str) -> list[Pin]:
    lines = (ROOT / file).read_text().replace("\\\n", "").splitlines()
    return [_read_pin(line) for line in lines if line.strip() and not line.lstrip().startswith("#")]


@cache
def _read_pin(line: str) -> Pin:
    text, *hashes = re.split(r"\s+--hash=", line.strip())
    requirement = Requirement(text)
    [version] = [each.version for each in requirement.specifier]
    return Pin(canonicalize_name(requirement.name), version, requirement.marker, tuple(hashes))


def direct_requirements(lock: str) -> list[Requirement]:
    """The requirements that the lock resolves: those of setup.cfg, or of the file requirements.in beside it."""
    if lock not in PRODUCT:
        return _requirements((ROOT / lock).with_suffix(".in").read_text())
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = [setup["options.extras_require"][extra] for extra in PRODUCT[lock]]
    return [each for text in [setup["options"]["install_requires"], *extras] for each in _requirements(text)]


def _requirements(text: str) -> list[Requirement]:
    lines = [line.strip() for line in text.splitlines()]
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def missing_pins(lock: str, environment: dict[str, str]) -> list[str]:
    """Requirements of an installation in this environment that the lock doesn't pin, including transitive ones.

    The requirements of a package are read from its metadata, if it is installed here.
    """
    pinned = {pin.name: pin.version for pin in read_lock(lock) if pin.holds_in(environment)}
    queue, seen, missing = direct_requirements(lock), set(), []
    while queue:
        requirement = queue.pop()
        name = canonicalize_name(requirement.name)
        if (name, str(requirement)) in seen:
            continue
        seen.add((name, str(requirement)))
        if name not in pinned or not requirement.specifier.contains(pinned[name], prereleases=True):
            missing.append(str(requirement))
            continue
        queue += _requirements_of(name, requirement.extras, environment)
    return missing


def _requirements_of(name: str, extras: set[str], environment: dict[str, str]) -> list[Requirement]:
    return [each for each in _all_requirements_of(name) if _applies(each, extras, environment)]


@cache
def _all_requirements_of(name: str) -> list[Requirement]:
    try:
        return [Requirement(line) for line in metadata.requires(name) or []]
    except metadata.PackageNotFoundError:
        return []


def _applies(requirement: Requirement, extras: set[str], environment: dict[str, str]) -> bool:
    marker = requirement.marker
    return marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in ("", *extras))
