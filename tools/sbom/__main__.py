"""`make sbom`: a software bill of materials (CycloneDX) for each of our images. Runs in .venv-sbom.

`python -m tools.sbom MAVEN FOLDER` writes FOLDER/NAME.cdx.json for each image. MAVEN: the engine's document, written by
cyclonedx-maven-plugin. Packages of the base images' operating systems aren't listed: their publishers list them.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tools.sbom.document import SPECIFICATION, describe_image
from tools.sbom.images import Image, read_images
from tools.sbom.libraries import MissingLibrary, read_engine_components, read_npm_components, select_requirements

ROOT = Path(__file__).parents[2]


class InvalidDocument(Exception):
    """A document doesn't satisfy the schema of CycloneDX."""


def main(maven: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for image in read_images(ROOT):
        document = describe_image(image, *find_libraries(image, maven))
        text = json.dumps(document, indent=2) + "\n"
        validate(text)
        file = folder / f"{image.short_name}.cdx.json"
        file.write_text(text)
        print(f"{file}: {len(document['components'])} components, {image.base} among them")


def find_libraries(image: Image, maven: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the components that the image adds to its base, and the dependencies between them."""
    if image.short_name == "engine":
        document = json.loads(maven.read_text())
        listed = (ROOT / "engine/dependencies.txt").read_text()
        return read_engine_components(document, listed), document["dependencies"]
    components = read_python_components(image.python) if image.python else []
    if image.short_name == "python":
        components += read_npm_components(ROOT / "package-lock.json")
    return components, []


def read_python_components(python: str) -> list[dict[str, Any]]:
    """Return the packages of requirements.txt that pip installs for this version of Python."""
    requirements = select_requirements((ROOT / "requirements.txt").read_text(), python)
    command = [
        sys.executable,
        "-m",
        "cyclonedx_py",
        "requirements",
        "--output-reproducible",
        "--sv",
        SPECIFICATION,
        "-",
    ]
    done = subprocess.run(command, input=requirements, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout)["components"]


def validate(text: str) -> None:
    """Check a document against the schema of CycloneDX, which refuses unknown fields.

    Raises:
        InvalidDocument: with the first error.
    """
    if error := JsonStrictValidator(SchemaVersion.from_version(SPECIFICATION)).validate_str(text):
        raise InvalidDocument(str(error))


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (MissingLibrary, InvalidDocument) as problem:
        sys.exit(str(problem))
