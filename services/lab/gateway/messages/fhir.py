"""Reads FHIR R4: a bundle, or one DiagnosticReport or Observation, as plain JSON.

Strict models refuse most real bundles, so each element is read where it has the expected type, and is absent otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from services.lab.gateway.messages.reports import MAX_OBSERVATIONS, Coding, Format, Observation, Report, Status, cleaned
from services.lab.gateway.messages.texts import decode, parse_birth_date

# https://hl7.org/fhir/R4/valueset-observation-status.html
STATUSES = {
    "final": Status.FINAL,
    "amended": Status.CORRECTED,
    "corrected": Status.CORRECTED,
    "registered": Status.PRELIMINARY,
    "preliminary": Status.PRELIMINARY,
    "entered-in-error": Status.WITHDRAWN,
    "cancelled": Status.WITHDRAWN,
}
# https://hl7.org/fhir/R4/valueset-diagnostic-report-status.html, of reports that have results
REPORTED = ("partial", "preliminary", "final", "amended", "corrected", "appended", "cancelled", "entered-in-error")
UNUSABLE_SPECIMENS = ("unsatisfactory", "entered-in-error")
CANCELLED_REQUESTS = ("revoked", "entered-in-error")
BUNDLES = ("message", "transaction", "batch", "collection", "document", "searchset")
PROCESSING_IDS = "http://terminology.hl7.org/CodeSystem/v2-0103"
TEST_DATA = "HTEST"
# parts of a resource that change its meaning, and that a reader must understand
MODIFIERS = ("modifierExtension", "implicitRules")

Json = dict[str, Any]


class _Malformed(Exception):
    pass


def read_fhir(content: bytes) -> list[Report]:
    """Read a bundle or a resource; never raises. Returns one report."""
    text, remarks = decode(content)
    try:
        top = json.loads(text, object_pairs_hook=_unique_names)
    except _Malformed as error:
        return [_unreadable(str(error), remarks)]
    except (ValueError, RecursionError):
        return [_unreadable("isn't JSON", remarks)]
    if not isinstance(top, dict) or not isinstance(top.get("resourceType"), str):
        return [_unreadable("isn't a FHIR resource: no resourceType", remarks)]
    try:
        return [cleaned(_read_bundle(top, remarks))]
    except RecursionError:
        return [_unreadable("is nested too deeply", remarks)]


def _unreadable(problem: str, remarks: list[str]) -> Report:
    return Report(Format.FHIR, problems=(problem,), remarks=tuple(remarks))


def _unique_names(pairs: list[tuple[str, Any]]) -> Json:
    """Refuse an object with two elements of one name, of which parsers take either."""
    names = [name for name, _ in pairs]
    if len({*names}) < len(names):
        raise _Malformed("an element occurs twice")
    return dict(pairs)


def _read_bundle(top: Json, remarks: list[str]) -> Report:
    entries = _objects(top, "entry") if top["resourceType"] == "Bundle" else [{"resource": top}]
    resources = _Resources(entries)
    header = next(resources.of_type("MessageHeader"), {})
    observations = list(_read_reports(resources))
    problems = [
        *_check_bundle(top, entries),
        *_check_tags(top),
        *(each for one in resources.all for each in _check_tags(one)),
    ]
    if not observations:
        problems.append("has no result: no Observation")
    if len(observations) > MAX_OBSERVATIONS:
        problems.append(f"has more than {MAX_OBSERVATIONS} results")
    return Report(
        Format.FHIR,
        control_id=_text(_object(top, "identifier"), "value") if top["resourceType"] == "Bundle" else "",
        sender=_find_sender(header, resources),
        observations=tuple(observations[:MAX_OBSERVATIONS]),
        problems=tuple(dict.fromkeys(problems)),
        remarks=tuple(remarks),
    )


def _check_bundle(top: Json, entries: list[Json]) -> Iterator[str]:
    if top["resourceType"] == "Bundle" and _text(top, "type") not in BUNDLES:
        yield "is a bundle of a type that brings no results"
    if any(_text(_object(entry, "request"), "method") in ("DELETE", "PATCH") for entry in entries):
        yield "asks to delete resources, or to change parts of them"
    if any(_text(_object(entry, "resource"), "resourceType") == "Bundle" for entry in entries):
        yield "has a bundle within the bundle, which isn't read"
    if any(name in top for name in MODIFIERS):
        yield "has a modifier extension or implicit rules"


def _check_tags(resource: Json) -> Iterator[str]:
    meta = _object(resource, "meta")
    for tag in (*_objects(meta, "tag"), *_objects(meta, "security")):
        is_training = _text(tag, "system") == PROCESSING_IDS and _text(tag, "code") not in ("P", "")
        if is_training or _text(tag, "code") == TEST_DATA:
            yield "is for training or debugging, not for production (meta.tag)"


def _find_sender(header: Json, resources: _Resources) -> str:
    organization = resources.resolve(_object(header, "sender")) or {}
    source = _object(header, "source")
    return _text(organization, "name") or _text(source, "name") or _text(source, "endpoint")


class _Resources:
    """The resources of a bundle, found by reference."""

    def __init__(self, entries: list[Json]):
        self.all: list[Json] = []
        self._by_name: dict[str, Json | None] = {}
        for entry in entries:
            resource = _object(entry, "resource")
            if not resource:
                continue
            self.all.append(resource)
            own_name = f"{_text(resource, 'resourceType')}/{_text(resource, 'id')}"
            for name in {_text(entry, "fullUrl"), own_name if _text(resource, "id") else ""} - {""}:
                # two resources of one name: the reference is ambiguous
                self._by_name[name] = None if name in self._by_name else resource

    def of_type(self, name: str) -> Iterator[Json]:
        return (each for each in self.all if _text(each, "resourceType") == name)

    def resolve(self, reference: Json, *within: Json) -> Json | None:
        """Return the resource to which a reference refers; None if it is absent or ambiguous.

        Args:
            within: the resource with the reference, and the one in which that may be contained.
        """
        url = _text(reference, "reference")
        if url.startswith("#"):
            holders = {id(one): one for one in within}.values()
            contained = [each for one in holders for each in _objects(one, "contained") if _text(each, "id") == url[1:]]
            return contained[0] if len(contained) == 1 else None
        url = url.split("/_history/")[0]
        return self._by_name.get(url) or self._by_name.get("/".join(url.split("/")[-2:]))


def _read_reports(resources: _Resources) -> Iterator[Observation]:
    """Yield the observations of the reports, and others to which no resource refers."""
    seen: set[int] = set()
    number = 0
    for report in resources.of_type("DiagnosticReport"):
        for observation in _list_results(report, report, resources, seen):
            number += 1
            if observation is None:
                yield Observation(f"observation {number}", problems=("isn't in the bundle",))
                continue
            yield from _read_observation(observation, report, resources, number)
    asked = {
        id(found)
        for request in resources.of_type("ServiceRequest")
        for reference in _objects(request, "supportingInfo")
        if (found := resources.resolve(reference, request))
    }
    for observation in resources.of_type("Observation"):
        if id(observation) not in seen and not _is_panel(observation):
            number += 1
            for each in _read_observation(observation, {}, resources, number):
                yield replace(each, is_question=id(observation) in asked)


def _is_panel(observation: Json) -> bool:
    """Whether an observation has no value, only members that are observations of their own."""
    return "hasMember" in observation and not any(name.startswith(("value", "component")) for name in observation)


def _list_results(holder: Json, report: Json, resources: _Resources, seen: set[int]) -> Iterator[Json | None]:
    """Yield the observations of a report, and those of its panels; None for one that isn't in the bundle."""
    for reference in _objects(holder, "result" if holder is report else "hasMember"):
        observation = resources.resolve(reference, holder, report)
        if observation is not None and _is_panel(observation) and id(observation) not in seen:
            seen.add(id(observation))
            yield from _list_results(observation, report, resources, seen)
        elif observation is None or not _is_panel(observation):
            seen.add(id(observation))
            yield observation


def _read_observation(observation: Json, report: Json, resources: _Resources, number: int) -> Iterator[Observation]:
    """Yield an observation, or each component of a panel."""
    components = _objects(observation, "component")
    if not components or any(name.startswith("value") for name in observation):
        yield _read_value(observation, observation, report, resources, f"observation {number}")
    for index, component in enumerate(components, 1):
        yield _read_value(component, observation, report, resources, f"observation {number}, component {index}")


def _read_value(value: Json, observation: Json, report: Json, resources: _Resources, place: str) -> Observation:
    problems = [*_check_modifiers(value, observation, report), *_check_status(value, observation, report)]
    specimen_ids: list[str] = []
    order_ids: list[str] = []
    for reference in _specimens(observation, report):
        specimen = resources.resolve(reference, observation, report)
        specimen_ids += _identifiers_of(reference, specimen, "specimen", problems)
    for holder in (observation, report):
        order_ids += [_text(each, "value") for each in _objects(holder, "identifier")]
        for reference in _objects(holder, "basedOn"):
            order = resources.resolve(reference, observation, report)
            order_ids += _identifiers_of(reference, order, "order", problems)
    patient = _find_patient(observation, report, resources, problems)
    birth_date = parse_birth_date(_text(patient, "birthDate"))
    if "birthDate" in patient and birth_date is None:
        problems.append("the date of birth can't be read, or isn't whole (Patient.birthDate)")
    name = next(iter(_objects(patient, "name")), {})
    performer = (
        next((resources.resolve(each, observation, report) for each in _objects(observation, "performer")), None) or {}
    )
    return Observation(
        place=place,
        specimen_ids=tuple(specimen_ids),
        order_ids=tuple(order_ids),
        tests=tuple(_concept(_object(value, "code"))),
        values=tuple(_values(value)),
        flags=tuple(each for concept in _objects(value, "interpretation") for each in _concept(concept) if each.code),
        status=_status(observation, report),
        family_name=_text(name, "family") or _text(name, "text"),
        given_name=" ".join(each for each in _list(name, "given") if isinstance(each, str)),
        birth_date=birth_date,
        observed_at=_text(observation, "effectiveDateTime") or _text(report, "effectiveDateTime"),
        reported_at=_text(observation, "issued") or _text(report, "issued"),
        laboratory=_text(performer, "name"),
        problems=tuple(dict.fromkeys(problems)),
    )


def _check_modifiers(*resources: Json) -> Iterator[str]:
    if any(name in each for each in resources for name in MODIFIERS):
        yield "has a modifier extension or implicit rules"


def _check_status(value: Json, observation: Json, report: Json) -> Iterator[str]:
    if "dataAbsentReason" in value and any(name.startswith("value") for name in value):
        yield "has a result, and a reason why it has none (dataAbsentReason)"
    if STATUSES.get(_text(observation, "status")) is Status.WITHDRAWN:
        return
    if _text(report, "status") == "cancelled":
        yield "the report was cancelled, but has a result"
    elif "status" in report and _text(report, "status") not in REPORTED:
        yield "the status of the report is that of one without results"


def _status(observation: Json, report: Json) -> Status:
    if _text(report, "status") == "entered-in-error":
        return Status.WITHDRAWN
    return STATUSES.get(_text(observation, "status"), Status.UNKNOWN)


def _specimens(observation: Json, report: Json) -> list[Json]:
    """Return the references to specimens: the observation's, or else the report's."""
    return [_object(observation, "specimen")] if "specimen" in observation else _objects(report, "specimen")


def _identifiers_of(reference: Json, found: Json | None, kind: str, problems: list[str]) -> Iterator[str]:
    """Yield the identifiers of a specimen or an order, also of one that is named by an identifier only."""
    logical = _text(_object(reference, "identifier"), "value")
    if found is None and not logical:
        problems.append(f"its {kind} isn't in the bundle")
    identifiers = [_object(reference, "identifier")]
    if found is not None:
        problems += _check_modifiers(found)
        if _text(found, "status") in (UNUSABLE_SPECIMENS if kind == "specimen" else CANCELLED_REQUESTS):
            problems.append(f"its {kind} has the status {_text(found, 'status')}, but there is a result")
        identifiers += _objects(found, "identifier")
        identifiers += [_object(found, name) for name in ("accessionIdentifier", "requisition")]
        identifiers += [
            each for container in _objects(found, "container") for each in _objects(container, "identifier")
        ]
    yield from filter(None, (_text(each, "value") for each in identifiers))


def _find_patient(observation: Json, report: Json, resources: _Resources, problems: list[str]) -> Json:
    """Return the patient of the observation and of its report, which must be the same."""
    patients = []
    for holder in (observation, report):
        if "subject" in holder:
            patients.append(resources.resolve(_object(holder, "subject"), holder, report))
    if not patients:
        problems.append("has no patient (subject)")
        return {}
    if any(patient is None for patient in patients):
        problems.append("its patient isn't in the bundle")
        return {}
    if any(patient is not patients[0] for patient in patients):
        problems.append("its patient isn't that of the report")
    problems += _check_modifiers(*filter(None, patients))
    return patients[0] or {}


def _concept(concept: Json) -> Iterator[Coding]:
    for coding in _objects(concept, "coding"):
        if _text(coding, "code") or _text(coding, "display"):
            yield Coding(_text(coding, "code"), _text(coding, "system"), _text(coding, "display"))
    if text := _text(concept, "text"):
        yield Coding(text=text)


def _values(value: Json) -> Iterator[Coding]:
    yield from _concept(_object(value, "valueCodeableConcept"))
    if text := _text(value, "valueString"):
        yield Coding(code=text, text=text)
    others = [
        name for name in value if name.startswith("value") and name not in ("valueCodeableConcept", "valueString")
    ]
    for name in others:
        yield Coding(text=f"{name.removeprefix('value')} {json.dumps(value[name])}"[:200])


def _object(parent: Json, name: str) -> Json:
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


def _list(parent: Json, name: str) -> list[Any]:
    child = parent.get(name)
    return child if isinstance(child, list) else []


def _objects(parent: Json, name: str) -> list[Json]:
    return [child for child in _list(parent, name) if isinstance(child, dict)]


def _text(parent: Json, name: str) -> str:
    child = parent.get(name)
    return child if isinstance(child, str) else ""
