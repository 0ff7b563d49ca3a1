"""Our images: their names and versions in docker-compose.yml, and the images that their Dockerfiles build on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

# of Debian's package python3
PYTHON_OF_DEBIAN = {"bookworm": "3.11.2"}
FROM = re.compile(r"^FROM (\S+)(?: AS (\S+))?$", re.MULTILINE)


@dataclass(frozen=True)
class Image:
    """An image that docker-compose.yml builds.

    Attributes:
        name: with its namespace, like `coronacare/engine`.
        version: its tag.
        base: the image that its last stage begins with, with its tag.
        python: version of the Python that runs the packages of requirements.txt; empty if it has none of them.
    """

    name: str
    version: str
    base: str
    python: str = ""

    @property
    def short_name(self) -> str:
        return self.name.rpartition("/")[2]


def read_images(root: Path) -> list[Image]:
    """Return the images that docker-compose.yml of this folder builds, each with its final base image."""
    services = yaml.safe_load((root / "docker-compose.yml").read_text())["services"].values()
    return [_read_image(root, service) for service in services if "build" in service]


def _read_image(root: Path, service: dict[str, Any]) -> Image:
    build = service["build"] if isinstance(service["build"], dict) else {"context": service["build"]}
    dockerfile = root / build["context"] / build.get("dockerfile", "Dockerfile")
    content = dockerfile.read_text()
    base = find_base(content, build.get("target", ""))
    name, _, version = service["image"].partition(":")
    return Image(name, version, base, find_python(base) if "requirements.txt" in content else "")


def find_python(base: str) -> str:
    """Return the version of Python in an image with this base: the image's own, or Debian's."""
    name, _, tag = base.partition("@")[0].partition(":")
    return tag.partition("-")[0] if name == "python" else PYTHON_OF_DEBIAN[tag.rpartition("-")[2]]


def find_base(dockerfile: str, target: str = "") -> str:
    """Return the image that a stage begins with, by way of the stages that it builds on; the last stage by default."""
    stages = FROM.findall(dockerfile)
    by_name = {name: base for base, name in stages if name}
    base = by_name[target] if target else stages[-1][0]
    while base in by_name:
        base = by_name[base]
    return base
