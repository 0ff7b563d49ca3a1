"""Each Python package of the locks has an allowed licence."""

from __future__ import annotations

import re
from importlib import metadata
from typing import Any

import yaml

from config.settings import ROOT
from tests.support.locks import DISTRIBUTED, read_lock

LICENCES = yaml.safe_load((ROOT / "tools/licences.yaml").read_text())
CLASSIFIER = "License :: "


def packages() -> list[str]:
    """The packages of the locks that are imported or distributed."""
    return sorted({pin.name for lock in DISTRIBUTED for pin in read_lock(lock)} - LICENCES["programs"].keys())


def licences_of(package: str, rules: dict[str, Any]) -> set[str]:
    """SPDX identifiers of a package's licences, or the words of its metadata if there is no identifier."""
    if package in rules["packages"]:
        return {rules["packages"][package]}
    try:
        return licences_in(metadata.metadata(package), rules)
    except metadata.PackageNotFoundError:
        return {"not installed"}


def licences_in(fields: metadata.PackageMetadata, rules: dict[str, Any]) -> set[str]:
    expression = fields.get("License-Expression")
    if expression:
        return set(re.split(r" AND | OR ", expression))
    if fields.get("License") in rules["allowed"]:
        return {fields["License"]}
    classified = [each for each in fields.get_all("Classifier", []) if each.startswith(CLASSIFIER)]
    words = [each.split(" :: ")[-1] for each in classified if each != "License :: OSI Approved"] or ["unknown"]
    return {rules["names"].get(each, each) for each in words}


def refused(names: list[str], rules: dict[str, Any]) -> dict[str, set[str]]:
    found = {name: licences_of(name, rules) - set(rules["allowed"]) for name in names}
    return {name: licences for name, licences in found.items() if licences}


def test_each_package_has_a_licence_that_is_allowed() -> None:
    assert len(packages()) > 100
    assert refused(packages(), LICENCES) == {}


def test_each_entry_of_the_rules_is_used() -> None:
    assert set(LICENCES["packages"]) <= set(packages())
    used = {licence for name in packages() for licence in licences_of(name, LICENCES)}
    assert used == set(LICENCES["allowed"])


def test_a_program_has_its_declared_licence_and_is_not_distributed() -> None:
    programs = LICENCES["programs"]
    assert {name: licences_of(name, LICENCES) for name in programs} == {name: {programs[name]} for name in programs}
    assert programs.keys() & {pin.name for pin in read_lock("requirements.txt")} == set()


def test_other_licences_and_packages_without_a_licence_are_found() -> None:
    strict = {**LICENCES, "allowed": ["Apache-2.0", "MIT"], "packages": {}}
    assert refused(["peewee", "requests", "flask"], strict) == {"peewee": {"unknown"}, "flask": {"BSD-3-Clause"}}
