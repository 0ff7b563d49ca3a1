"""CycloneDX documents of our images."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from tools.sbom.images import Image

SPECIFICATION = "1.6"


def describe_container(name: str, version: str) -> dict[str, Any]:
    """Return the component of a container image; name and version together are what `docker pull` takes."""
    # a digest in the version has an @ of its own
    purl = f"pkg:docker/{name}@{quote(version, safe=':')}"
    return {"type": "container", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def describe_image(image: Image, libraries: list[dict[str, Any]], edges: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the document of one of our images.

    Args:
        libraries: components in addition to the base image; a package URL identifies each.
        edges: dependencies between them, if they are known; the image itself depends on all components.
    """
    itself = describe_container(image.name, image.version)
    base = describe_container(*image.base.split(":", 1))
    components = [base, *sorted(map(_identify, libraries), key=lambda each: each["purl"])]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "version": 1,
        "metadata": {"component": itself},
        "components": components,
        "dependencies": [{"ref": itself["bom-ref"], "dependsOn": [each["bom-ref"] for each in components]}, *edges],
    }


def _identify(component: dict[str, Any]) -> dict[str, Any]:
    # cyclonedx-py's own reference and description are lines of the lock file
    kept = {key: value for key, value in component.items() if key != "description"}
    return {**kept, "bom-ref": component["purl"]}
