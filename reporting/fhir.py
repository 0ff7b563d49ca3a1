"""FHIR R4: a document in the shape of DEMIS' laboratory notifications of SARS-CoV-2.

https://simplifier.net/demis: a Composition (NotificationLaboratory) of a DiagnosticReport (LaboratoryReportCVDP) with
an Observation (PathogenDetectionCVDP) and its Specimen (SpecimenCVDP). The laboratory notifies, our facility submits.
"""

from __future__ import annotations

import json
from typing import Any

from reporting.codes import RESULTS, SPECIMENS
from reporting.report import Organization, Parties, Report, Status, require, utc

CONTENT_TYPE, SUFFIX = "application/fhir+json; charset=utf-8", ".json"
DEMIS = "https://demis.rki.de/fhir"
LOINC, SNOMED_CT = "http://loinc.org", "http://snomed.info/sct"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
# status of Composition, and of DiagnosticReport and Observation
STATUSES = {
    Status.FINAL: ("final", "final"),
    Status.CORRECTED: ("amended", "corrected"),
    Status.WITHDRAWN: ("entered-in-error", "entered-in-error"),
}
INTERPRETATIONS = {"positive": ("POS", "Positive"), "negative": ("NEG", "Negative")}
INDETERMINATE = ("IND", "Indeterminate")
CONCLUSIONS = {
    "positive": ("pathogenDetected", "Meldepflichtiger Erreger nachgewiesen"),
    "negative": ("pathogenNotDetected", "Meldepflichtiger Erreger nicht nachgewiesen"),
}

Json = dict[str, Any]


def write(report: Report, parties: Parties) -> bytes:
    """Write a bundle.

    Raises:
        IncompleteReport: a required element is unknown.
    """
    require(report, "case_reference", "family_name", "given_name", "barcode", "specimen_type")
    if report.status is not Status.WITHDRAWN:
        require(report, "result")
    resources = [
        _composition(report),
        _patient(report, parties),
        _role(report, "NotifierRole", "laboratory"),
        _organization(report, "NotifierFacility", "laboratory", parties.laboratory),
        _role(report, "SubmittingRole", "facility"),
        _organization(report, "SubmittingFacility", "facility", parties.facility),
        _diagnostic_report(report, parties),
        _observation(report, parties),
        _specimen(report, parties),
    ]
    bundle = {
        "resourceType": "Bundle",
        "meta": {"profile": [_profile("NotificationBundleLaboratory")]},
        "identifier": {"system": f"{DEMIS}/NamingSystem/NotificationBundleId", "value": report.id_of("Bundle")},
        "type": "document",
        "timestamp": _time(report),
        "entry": [{"fullUrl": f"urn:uuid:{each['id']}", "resource": each} for each in resources],
    }
    return json.dumps(bundle, ensure_ascii=False).encode()


def _composition(report: Report) -> Json:
    laboratory_report = _concept(LOINC, "11502-2", "Laboratory report")
    return {
        **_resource(report, "Composition", "NotificationLaboratory"),
        "identifier": {"system": f"{DEMIS}/NamingSystem/NotificationId", "value": report.id_of_notification()},
        "status": STATUSES[report.status][0],
        "type": _concept(LOINC, "34782-3", "Infectious disease Note"),
        "category": [laboratory_report],
        "subject": _reference(report, "Patient"),
        "date": _time(report),
        "author": [_reference(report, "NotifierRole")],
        "title": "Erregernachweismeldung",
        "section": [{"code": laboratory_report, "entry": [_reference(report, "DiagnosticReport")]}],
    }


def _patient(report: Report, parties: Parties) -> Json:
    telecom = [
        {"system": system, "value": value}
        for system, value in (("phone", report.phone), ("email", report.email))
        if value
    ]
    patient = {
        **_resource(report, "Patient", "NotifiedPerson"),
        "identifier": [{"system": f"urn:oid:{parties.facility.oid}", "value": report.case_reference}],
        "name": [{"use": "official", "family": report.family_name, "given": [report.given_name]}],
        "gender": "unknown",
        "birthDate": report.birth_date.isoformat(),
    }
    if telecom:
        patient["telecom"] = telecom
    if report.address:
        use = {"system": f"{DEMIS}/CodeSystem/addressUse", "code": "primary"}
        extension = {"url": f"{DEMIS}/StructureDefinition/AddressUse", "valueCoding": use}
        patient["address"] = [{"extension": [extension], "text": report.address, "line": [report.address]}]
    return patient


def _role(report: Report, profile: str, organization: str) -> Json:
    role = _resource(report, "PractitionerRole", profile, profile)
    return {**role, "organization": _reference(report, organization)}


def _organization(report: Report, profile: str, part: str, organization: Organization) -> Json:
    address = {
        "line": [organization.street],
        "city": organization.city,
        "postalCode": organization.postal_code,
        "country": organization.country,
    }
    return {
        **_resource(report, "Organization", profile, part),
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{organization.oid}"}],
        "name": organization.name,
        "telecom": [{"system": "phone", "value": organization.phone, "use": "work"}],
        "address": [address],
    }


def _diagnostic_report(report: Report, parties: Parties) -> Json:
    name = "Severe-Acute-Respiratory-Syndrome-Coronavirus-2 (SARS-CoV-2)"
    resource = {
        **_resource(report, "DiagnosticReport", "LaboratoryReportCVDP"),
        "status": STATUSES[report.status][1],
        "code": _concept(f"{DEMIS}/CodeSystem/notificationCategory", "cvdp", name),
        "subject": _reference(report, "Patient"),
        "issued": _time(report),
        "performer": [_reference(report, "laboratory")],
        "specimen": [_reference(report, "Specimen")],
        "result": [_reference(report, "Observation")],
    }
    if conclusion := CONCLUSIONS.get(report.result):
        resource["conclusionCode"] = [_concept(f"{DEMIS}/CodeSystem/conclusionCode", *conclusion)]
    return resource


def _observation(report: Report, parties: Parties) -> Json:
    resource = {
        **_resource(report, "Observation", "PathogenDetectionCVDP"),
        "status": STATUSES[report.status][1],
        "category": [_concept(f"{TERMINOLOGY}/observation-category", "laboratory", "Laboratory")],
        "code": _concept(LOINC, parties.test, parties.test_name),
        "subject": _reference(report, "Patient"),
        "effectiveDateTime": utc(report.collected_at).isoformat(),
        "issued": _time(report),
        "performer": [_reference(report, "laboratory")],
        "specimen": _reference(report, "Specimen"),
    }
    if report.status is Status.WITHDRAWN:
        error = _concept(f"{TERMINOLOGY}/data-absent-reason", "error", "Error")
        return {**resource, "dataAbsentReason": error}
    result = RESULTS[report.result]
    interpretation = INTERPRETATIONS.get(report.result, INDETERMINATE)
    return {
        **resource,
        "valueCodeableConcept": _concept(SNOMED_CT, result.code, result.name),
        "interpretation": [_concept(f"{TERMINOLOGY}/v3-ObservationInterpretation", *interpretation)],
    }


def _specimen(report: Report, parties: Parties) -> Json:
    specimen = SPECIMENS[report.specimen_type]
    barcode = {"system": f"urn:oid:{parties.facility.oid}", "value": report.barcode}
    return {
        **_resource(report, "Specimen", "SpecimenCVDP"),
        "identifier": [barcode],
        "accessionIdentifier": barcode,
        "status": "available",
        "type": _concept(SNOMED_CT, specimen.code, specimen.name),
        "subject": _reference(report, "Patient"),
        "collection": {
            "collector": _reference(report, "SubmittingRole"),
            "collectedDateTime": utc(report.collected_at).isoformat(),
        },
    }


def _resource(report: Report, kind: str, profile: str, part: str = "") -> Json:
    """Return the beginning of a resource; `part` names it within the bundle if there are several of its kind."""
    return {"resourceType": kind, "id": report.id_of(part or kind), "meta": {"profile": [_profile(profile)]}}


def _profile(name: str) -> str:
    return f"{DEMIS}/StructureDefinition/{name}"


def _reference(report: Report, part: str) -> Json:
    return {"reference": f"urn:uuid:{report.id_of(part)}"}


def _concept(system: str, code: str, name: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": name}]}


def _time(report: Report) -> str:
    return utc(report.reported_at).isoformat()
