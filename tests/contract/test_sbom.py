"""`make sbom` knows each image of ours with its base, and what is in it; the command validates what it writes."""

from __future__ import annotations

import pytest

from config.settings import ROOT
from tests.contract.test_compose import COMPOSE, base_images
from tests.support.locks import read_lock
from tools.sbom.document import describe_image
from tools.sbom.images import Image, find_base, read_images
from tools.sbom.libraries import MissingLibrary, read_engine_components, read_npm_components, select_requirements

STAGES = """\
FROM node:24 AS css
FROM python:3.11.15-slim AS build
COPY --from=css /x /x
FROM build AS test
FROM python:3.11.15-slim
"""
LIBRARY = {"type": "library", "name": "flask", "version": "3.1.3", "purl": "pkg:pypi/flask@3.1.3", "description": "L1"}


def test_each_image_that_compose_builds_has_a_document() -> None:
    built = {service["image"] for service in COMPOSE["services"].values() if "build" in service}
    images = read_images(ROOT)
    assert {f"{image.name}:{image.version}" for image in images} == built
    assert len({image.short_name for image in images}) == len(images)
    assert {image.base for image in images} <= base_images()


@pytest.mark.parametrize(
    ("target", "base"), [("", "python:3.11.15-slim"), ("test", "python:3.11.15-slim"), ("css", "node:24")]
)
def test_the_base_of_a_stage_is_found_through_other_stages(target: str, base: str) -> None:
    assert find_base(STAGES, target) == base


def test_an_image_with_our_packages_has_a_version_of_python() -> None:
    """Also one that is built on another image than Python's: its document lists the packages, too."""
    assert {image.short_name: image.python for image in read_images(ROOT) if image.python} == {
        "python": "3.11.15",
        "backup": "3.11.2",
    }


def test_requirements_are_those_that_pip_installs_in_the_image() -> None:
    selected = select_requirements((ROOT / "requirements.txt").read_text(), "3.11.15").splitlines()
    names = {line.split("==")[0] for line in selected}
    assert {"flask", "brotli", "backports-zstd"} <= names
    # only for PyPy
    assert {pin.name for pin in read_lock("requirements.txt")} - names == {"brotlicffi"}
    assert all("--hash=sha256:" in line for line in selected)


def test_a_package_for_older_versions_of_python_is_left_out_in_a_newer() -> None:
    lock = "a==1 ; python_full_version < '3.14' \\\n    --hash=sha256:00\n# comment\nb==2 --hash=sha256:00\n"
    assert select_requirements(lock, "3.14.0") == "b==2 --hash=sha256:00\n"


def test_the_packages_of_stylesheets_and_fonts_are_listed_with_their_locked_versions() -> None:
    components = {each["name"]: each for each in read_npm_components(ROOT / "package-lock.json")}
    version = components["govuk-frontend"]["version"]
    assert components["govuk-frontend"]["purl"] == f"pkg:npm/govuk-frontend@{version}"
    font = components["@expo-google-fonts/vazirmatn"]
    assert font["purl"] == f"pkg:npm/%40expo-google-fonts/vazirmatn@{font['version']}"


def test_a_document_names_the_image_and_its_base() -> None:
    document = describe_image(Image("coronacare/python", "0.1.0", "python:3.11.15-slim"), [LIBRARY], [])
    assert document["metadata"]["component"]["purl"] == "pkg:docker/coronacare/python@0.1.0"
    base, library = document["components"]
    assert (base["name"], base["version"], base["type"]) == ("python", "3.11.15-slim", "container")
    assert (library["bom-ref"], "description" in library) == (LIBRARY["purl"], False)
    [edges] = document["dependencies"]
    assert edges["dependsOn"] == [base["bom-ref"], library["bom-ref"]]


def test_a_base_that_is_pinned_by_digest_keeps_it() -> None:
    image = Image("coronacare/python", "0.1.0", "python:3.11.15-slim@sha256:0a1b")
    base = describe_image(image, [], [])["components"][0]
    assert (base["name"], base["version"]) == ("python", "3.11.15-slim@sha256:0a1b")
    assert base["purl"] == "pkg:docker/python@3.11.15-slim%40sha256:0a1b"


def maven_component(name: str, version: str, classifier: str = "") -> dict[str, str]:
    purl = f"pkg:maven/org.example/{name}@{version}?{f'classifier={classifier}&' if classifier else ''}type=jar"
    return {"type": "library", "name": name, "version": version, "purl": purl}


def test_the_engine_has_the_libraries_of_its_jar() -> None:
    engine = maven_component("engine", "0.1.0")
    libraries = [maven_component("h2", "2.3.232"), maven_component("feel-engine", "1.19.3", "scala-shaded")]
    document = {"metadata": {"component": engine}, "components": libraries}
    listed = "feel-engine 1.19.3-scala-shaded\nh2 2.3.232\nspring-boot-jarmode-tools 3.5.14\n"
    found = read_engine_components(document, listed)
    assert [each["name"] for each in found] == ["engine", "h2", "feel-engine", "spring-boot-jarmode-tools"]
    with pytest.raises(MissingLibrary, match=r"lacks joda-time 2\.12\.5:"):
        read_engine_components(document, f"{listed}joda-time 2.12.5\n")
