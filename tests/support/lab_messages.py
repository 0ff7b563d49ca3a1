"""Laboratories' messages in HL7 v2, FHIR R4 and CSV. Invented people and laboratories."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any

from services.lab.gateway.messages.reports import Format

FHIR_STATUSES = {"F": "final", "C": "corrected", "P": "preliminary", "W": "entered-in-error", "X": "cancelled"}


@dataclass(frozen=True)
class Example:
    """A result, to be written in each format; `status` is HL7's, `birth_date` ISO 8601."""

    control_id: str = "MSG-1"
    barcode: str = "AB-12345"
    order: str = "LIS-77"
    birth_date: str = "1990-07-21"
    test: tuple[str, str, str] = ("94500-6", "SARS-CoV-2 RNA NAA+probe Ql (Resp)", "LN")
    value: tuple[str, str, str] = ("260373001", "Detected", "SCT")
    status: str = "F"
    flag: str = ""


URLS = {"LN": "http://loinc.org", "SCT": "http://snomed.info/sct", "L": "urn:local"}


def hl7_segments(example: Example) -> list[str]:
    e = example
    # the laboratory's own numbers
    order, specimen = (f"F-{each}" if each else "" for each in (e.order, e.barcode))
    test, value = ("^".join(each).rstrip("^") for each in (e.test, e.value))
    return [
        f"MSH|^~\\&|LIS^1.2.3^ISO|North Lab^99D1^CLIA|CC|CC|20261130101500||ORU^R01^ORU_R01|{e.control_id}|P|2.5.1",
        f"PID|1||P-9^^^North Lab||Sample^Sam^^^^^L||{e.birth_date.replace('-', '')}|U",
        f"ORC|RE|{e.order}^CC|{order}^North Lab",
        f"OBR|1|{e.order}^CC|{order}^North Lab|94531-1^SARS-CoV-2 RNA panel^LN|||202611300900",
        f"OBX|1|CWE|{test}||{value}|||{e.flag}|||{e.status}|||202611300900|||||202611301000||||North Lab^L^^^^^^^^99D1",
        f"SPM|1|{e.barcode}^{specimen}||258500001^Nasopharyngeal swab^SCT",
    ]


def hl7(example: Example, end: str = "\r") -> bytes:
    return "".join(segment + end for segment in hl7_segments(example)).encode()


def fhir_bundle(example: Example) -> dict[str, Any]:
    e = example
    observation = {
        "resourceType": "Observation",
        "id": "obs",
        "status": FHIR_STATUSES.get(e.status, e.status),
        "code": {"coding": [{"code": e.test[0], "system": URLS.get(e.test[2], ""), "display": e.test[1]}]},
        "subject": {"reference": "Patient/pat"},
        "specimen": {"reference": "Specimen/spec"},
        "valueCodeableConcept": {
            "coding": [{"code": e.value[0], "system": URLS.get(e.value[2], ""), "display": e.value[1]}]
        },
    }
    resources: list[dict[str, Any]] = [
        {"resourceType": "MessageHeader", "id": "head", "source": {"name": "North Lab"}},
        {
            "resourceType": "DiagnosticReport",
            "id": "rep",
            "status": "final",
            "subject": {"reference": "Patient/pat"},
            "basedOn": [{"reference": "ServiceRequest/req"}],
            "specimen": [{"reference": "Specimen/spec"}],
            "result": [{"reference": "Observation/obs"}],
        },
        {
            "resourceType": "Patient",
            "id": "pat",
            "name": [{"family": "Sample", "given": ["Sam"]}],
            **({"birthDate": e.birth_date} if e.birth_date else {}),
        },
        {"resourceType": "ServiceRequest", "id": "req", "identifier": [{"value": e.order}]},
        {"resourceType": "Specimen", "id": "spec", "identifier": [{"value": e.barcode}]},
        observation,
    ]
    entries = [{"fullUrl": f"{each['resourceType']}/{each['id']}", "resource": each} for each in resources]
    return {"resourceType": "Bundle", "type": "message", "identifier": {"value": e.control_id}, "entry": entries}


def fhir(example: Example) -> bytes:
    return json.dumps(fhir_bundle(example)).encode()


HEADER = "accession_number,test_performed_code,test_result,test_result_status,patient_dob,surname,order_id,lab"


def csv_row(example: Example, delimiter: str = ",") -> str:
    e = example
    value = e.value[0] if e.value[2] == "SCT" else e.value[1] or e.value[0]
    return delimiter.join([e.barcode, e.test[0], value, e.status, e.birth_date, "Sample", e.order, "North Lab"])


def csv(*examples: Example, delimiter: str = ",", end: str = "\n") -> bytes:
    rows = [HEADER.replace(",", delimiter), *(csv_row(each, delimiter) for each in examples)]
    return "".join(row + end for row in rows).encode()


def write(example: Example, format: Format) -> bytes:
    return {Format.HL7: hl7, Format.FHIR: fhir, Format.CSV: csv}[format](example)


POSITIVE = Example()
NEGATIVE = replace(POSITIVE, value=("260415000", "Not detected", "SCT"))
