"""FHIR documents for an authority: the shape of DEMIS' notifications, and what our own reader understands of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from reporting.codes import RESULTS, SPECIMENS
from reporting.fhir import write
from reporting.report import IncompleteReport, Report
from services.lab.gateway.codes import load_table
from services.lab.gateway.messages.fhir import read_fhir
from services.lab.gateway.messages.reports import Observation, Status
from tests.support.authority import CORRECTED, PARTIES, REGISTERED, REPORTS, WITHDRAWN
from tests.support.demis_rules import find_faults


def understood(report: Report) -> Observation:
    """What our own reader of laboratories' messages understands."""
    [message] = read_fhir(write(report, PARTIES))
    assert (message.problems, message.control_id) == ((), report.id_of("Bundle"))
    [observation] = message.observations
    assert observation.problems == ()
    return observation


@pytest.mark.parametrize("name", REPORTS)
def test_a_bundle_has_no_fault(name: str) -> None:
    assert find_faults(write(REPORTS[name], PARTIES)) == []


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("specimen", SPECIMENS)
def test_each_result_and_specimen_has_codes_that_we_understand(result: str, specimen: str) -> None:
    report = replace(REGISTERED, result=result, specimen_type=specimen)
    # IND doesn't say more about an unsatisfactory specimen than that there is no result
    if result != "unsatisfactory":
        expected = "inconclusive" if result == "indeterminate" else result
        assert load_table().evaluate(understood(report), "").result == expected
    assert find_faults(write(report, PARTIES)) == []


def test_what_is_sent_is_what_is_read() -> None:
    observation = understood(REGISTERED)
    assert observation.status is Status.FINAL
    assert observation.specimen_ids == ("AB-12345",)
    assert observation.birth_date == date(1990, 5, 10)
    assert (observation.family_name, observation.given_name) == ("O'Neil|Müller", "Ada")
    assert observation.observed_at == "2026-11-28T09:30:00+00:00"
    assert observation.reported_at == "2026-11-29T14:05:06+00:00"
    assert observation.laboratory == "North Lab"
    corrected = understood(CORRECTED)
    assert (corrected.status, load_table().evaluate(corrected, "").result) == (Status.CORRECTED, "negative")
    assert understood(WITHDRAWN).status is Status.WITHDRAWN


def test_a_repeated_report_is_the_same_bundle_and_all_of_a_sample_are_one_notification() -> None:
    assert write(REGISTERED, PARTIES) == write(replace(REGISTERED), PARTIES)
    bundles = [json.loads(write(report, PARTIES)) for report in REPORTS.values()]
    assert len({bundle["identifier"]["value"] for bundle in bundles}) == 3
    assert len({bundle["entry"][0]["resource"]["identifier"]["value"] for bundle in bundles}) == 1


@pytest.mark.parametrize("name", ["family_name", "given_name", "barcode", "specimen_type", "result", "case_reference"])
def test_an_incomplete_report_is_refused_by_the_fields_name(name: str) -> None:
    with pytest.raises(IncompleteReport, match=f"lacks {name}$"):
        write(replace(REGISTERED, **{name: ""}), PARTIES)


def test_a_patient_needs_neither_telephone_nor_address() -> None:
    assert find_faults(write(replace(REGISTERED, phone="", email="", address=""), PARTIES)) == []


def without(name: str, element: str) -> Any:
    def plant(bundle: dict[str, Any]) -> None:
        del next(each["resource"] for each in bundle["entry"] if each["resource"]["resourceType"] == name)[element]

    return plant


# name of the fault: how it is planted
PLANTED = {
    "Bundle isn't a document with a timestamp": lambda bundle: bundle.pop("timestamp"),
    "Bundle.identifier": lambda bundle: bundle.pop("identifier"),
    "Bundle.meta.profile": lambda bundle: bundle.pop("meta"),
    "the first entry isn't the Composition": lambda bundle: bundle["entry"].reverse(),
    "not one SpecimenCVDP": lambda bundle: bundle["entry"].pop(),
    "a reference leads out of the bundle": lambda bundle: bundle["entry"].pop(),
    "entry.fullUrl isn't the resource's id": lambda bundle: bundle["entry"][0]["resource"].update(id="1"),
    "Patient.birthDate is required": without("Patient", "birthDate"),
    "Composition.author.reference is required": without("Composition", "author"),
    "DiagnosticReport.issued is required": without("DiagnosticReport", "issued"),
    "Specimen.type.coding.code is required": without("Specimen", "type"),
    "a result has a value, and a withdrawn one has none": without("Observation", "valueCodeableConcept"),
    "Composition.status isn't in its value set": lambda bundle: bundle["entry"][0]["resource"].update(status="done"),
    "the statuses don't match": lambda bundle: bundle["entry"][0]["resource"].update(status="amended"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str) -> None:
    bundle = json.loads(write(REGISTERED, PARTIES))
    PLANTED[fault](bundle)
    assert fault in find_faults(json.dumps(bundle).encode())
