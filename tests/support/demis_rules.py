"""Finds where a bundle hasn't the shape of DEMIS' laboratory notifications of SARS-CoV-2 (rki.demis.laboratory).

Independent of the writer. HAPI's validator checks what FHIR itself requires (tests/hapi).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

Json = dict[str, Any]

DEMIS = "https://demis.rki.de/fhir"
# profile of each resource: how many the bundle has, and its required elements, as paths
PROFILES = {
    "NotificationLaboratory": (
        "Composition", "identifier.value", "status", "type.coding.code", "category.coding.code", "subject.reference",
        "date", "author.reference", "title", "section.code.coding.code", "section.entry.reference",
    ),
    "NotifiedPerson": ("Patient", "name.family", "name.given", "gender", "birthDate"),
    "NotifierRole": ("PractitionerRole", "organization.reference"),
    "NotifierFacility": (
        "Organization", "identifier.value", "name", "telecom.value", "address.line", "address.city",
        "address.postalCode", "address.country",
    ),
    "SubmittingRole": ("PractitionerRole", "organization.reference"),
    "SubmittingFacility": ("Organization", "name", "telecom.value", "address.city"),
    "LaboratoryReportCVDP": (
        "DiagnosticReport", "status", "code.coding.code", "subject.reference", "issued", "result.reference",
    ),
    "PathogenDetectionCVDP": (
        "Observation", "status", "category.coding.code", "code.coding.code", "subject.reference", "specimen.reference",
    ),
    "SpecimenCVDP": (
        "Specimen", "status", "type.coding.code", "subject.reference", "collection.collectedDateTime",
        "collection.collector.reference",
    ),
}  # fmt: skip
SETS = {
    ("Composition", "status"): {"final", "amended", "entered-in-error"},
    ("Composition", "type.coding.code"): {"34782-3"},
    ("Composition", "section.code.coding.code"): {"11502-2"},
    ("Patient", "gender"): {"male", "female", "other", "unknown"},
    ("DiagnosticReport", "status"): {"final", "amended", "corrected", "entered-in-error"},
    ("DiagnosticReport", "code.coding.code"): {"cvdp"},
    ("DiagnosticReport", "conclusionCode.coding.code"): {"pathogenDetected", "pathogenNotDetected"},
    ("Observation", "status"): {"final", "amended", "corrected", "entered-in-error"},
    ("Observation", "category.coding.code"): {"laboratory"},
    ("Observation", "interpretation.coding.code"): {"POS", "NEG", "IND"},
    ("Specimen", "status"): {"available"},
}
STATUSES = {("final", "final"), ("amended", "corrected"), ("entered-in-error", "entered-in-error")}
URN = re.compile(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[1-5][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


def find_faults(content: bytes) -> list[str]:
    """Return what differs from the shape; empty for a bundle that has it."""
    bundle = json.loads(content)
    entries = bundle.get("entry", [])
    resources = [entry["resource"] for entry in entries]
    return [
        *_check_bundle(bundle, resources),
        *(fault for name, rule in PROFILES.items() for fault in _check_profile(name, rule, resources)),
        *_check_references(entries, resources),
        *_check_result(resources),
    ]


def _check_bundle(bundle: Json, resources: list[Json]) -> Iterator[str]:
    if bundle.get("type") != "document" or not bundle.get("timestamp"):
        yield "Bundle isn't a document with a timestamp"
    if bundle.get("identifier", {}).get("system") != f"{DEMIS}/NamingSystem/NotificationBundleId":
        yield "Bundle.identifier"
    if bundle.get("meta", {}).get("profile") != [f"{DEMIS}/StructureDefinition/NotificationBundleLaboratory"]:
        yield "Bundle.meta.profile"
    if not resources or resources[0]["resourceType"] != "Composition":
        yield "the first entry isn't the Composition"


def _check_profile(name: str, rule: tuple[str, ...], resources: list[Json]) -> Iterator[str]:
    kind, *required = rule
    found = [each for each in resources if each["meta"]["profile"] == [f"{DEMIS}/StructureDefinition/{name}"]]
    if len(found) != 1 or found[0]["resourceType"] != kind:
        yield f"not one {name}"
        return
    yield from (f"{kind}.{path} is required" for path in required if not list(values(found[0], path)))
    for (each, path), permitted in SETS.items():
        if each == kind and any(value not in permitted for value in values(found[0], path)):
            yield f"{kind}.{path} isn't in its value set"


def _check_references(entries: list[Json], resources: list[Json]) -> Iterator[str]:
    names = [entry["fullUrl"] for entry in entries]
    if not all(map(URN.fullmatch, names)) or len(set(names)) < len(names):
        yield "entry.fullUrl isn't a UUID of its own"
    if any(name != f"urn:uuid:{resource['id']}" for name, resource in zip(names, resources, strict=True)):
        yield "entry.fullUrl isn't the resource's id"
    if any(reference not in names for reference in _references(resources)):
        yield "a reference leads out of the bundle"


def _check_result(resources: list[Json]) -> Iterator[str]:
    by_kind = {each["resourceType"]: each for each in resources}
    report, observation = by_kind.get("DiagnosticReport", {}), by_kind.get("Observation", {})
    statuses = (by_kind["Composition"].get("status"), report.get("status")) if "Composition" in by_kind else ()
    if statuses not in STATUSES or report.get("status") != observation.get("status"):
        yield "the statuses don't match"
    is_withdrawn = report.get("status") == "entered-in-error"
    if is_withdrawn == ("valueCodeableConcept" in observation):
        yield "a result has a value, and a withdrawn one has none"


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("reference"), str):
            yield node["reference"]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _references(child)


def values(resource: Any, path: str) -> Iterator[Any]:
    """Yield the values at a path, of every repetition."""
    name, _, rest = path.partition(".")
    child = resource.get(name) if isinstance(resource, dict) else None
    for each in child if isinstance(child, list) else [child]:
        if each in (None, ""):
            continue
        if rest:
            yield from values(each, rest)
        else:
            yield each
