"""ORU^R01 for an authority: the guide's rules, and what our own readers understand of it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

import pytest

from reporting.codes import RESULTS, SPECIMENS
from reporting.elr import escape, write
from reporting.report import IncompleteReport, Report
from services.lab.gateway.codes import load_table
from services.lab.gateway.messages.hl7v2 import read_hl7
from services.lab.gateway.messages.reports import Observation, Status
from tests.support.authority import CORRECTED, PARTIES, REGISTERED, REPORTS, WITHDRAWN
from tests.support.elr_rules import find_faults


def understood(report: Report) -> Observation:
    """What our own reader of laboratories' messages understands."""
    [message] = read_hl7(write(report, PARTIES))
    assert (message.problems, message.control_id) == ((), report.control_id)
    [observation] = message.observations
    assert observation.problems == ()
    return observation


@pytest.mark.parametrize("name", REPORTS)
def test_a_message_has_no_fault(name: str) -> None:
    assert find_faults(write(REPORTS[name], PARTIES)) == []


@pytest.mark.parametrize("result", RESULTS)
@pytest.mark.parametrize("specimen", SPECIMENS)
def test_each_result_and_specimen_has_codes_that_we_understand(result: str, specimen: str) -> None:
    report = replace(REGISTERED, result=result, specimen_type=specimen)
    assert find_faults(write(report, PARTIES)) == []
    expected = "inconclusive" if result == "indeterminate" else result
    assert load_table().evaluate(understood(report), "").result == expected


def test_what_is_sent_is_what_is_read() -> None:
    observation = understood(REGISTERED)
    assert observation.status is Status.FINAL
    assert observation.specimen_ids == ("AB-12345",)
    assert observation.birth_date == date(1990, 5, 10)
    assert (observation.family_name, observation.given_name) == ("O'Neil|Müller", "Ada")
    assert (observation.observed_at, observation.reported_at) == ("20261128093000+0000", "20261129140506+0000")
    assert observation.laboratory.startswith("North Lab")
    corrected = understood(CORRECTED)
    assert (corrected.status, load_table().evaluate(corrected, "").result) == (Status.CORRECTED, "negative")
    assert understood(WITHDRAWN).status is Status.WITHDRAWN


def test_a_withdrawal_is_a_correction_of_the_order() -> None:
    """Table 0123 of OBR-25 has no W."""
    fields = {line[:3]: line.split("|") for line in write(WITHDRAWN, PARTIES).decode().split("\r")}
    assert (fields["OBR"][25], fields["OBX"][11]) == ("C", "W")
    assert fields["OBX"][5] == "^^^^^^^^Entered in error"


def test_all_reports_of_a_sample_have_its_order_number() -> None:
    numbers = {re.search(rb"OBR\|1\|\|([^|]+)", write(report, PARTIES))[1] for report in REPORTS.values()}  # type: ignore[index]
    assert len(numbers) == 1


def test_a_repeated_report_is_the_same_message_and_another_report_another() -> None:
    assert write(REGISTERED, PARTIES) == write(replace(REGISTERED), PARTIES)
    assert len({report.control_id for report in REPORTS.values()}) == 3
    assert all(len(report.control_id) <= 20 for report in REPORTS.values())


@pytest.mark.parametrize("text", ["a|b^c&d~e\\f", "\\", "x\ry", "\x0b\x1c", "آدا", "^^^^"])
def test_a_name_can_not_change_the_structure(text: str) -> None:
    report = replace(REGISTERED, family_name=f"A{text}", address=text, email=f"a{text}")
    assert find_faults(write(report, PARTIES)) == []
    assert understood(report).family_name == re.sub(r"[\x00-\x1f]+", " ", f"A{text}").strip()


@pytest.mark.parametrize("name", ["family_name", "barcode", "specimen_type", "result", "case_reference"])
def test_an_incomplete_report_is_refused_by_the_fields_name(name: str) -> None:
    with pytest.raises(IncompleteReport, match=f"lacks {name}$") as caught:
        write(replace(REGISTERED, **{name: ""}), PARTIES)
    assert "Ada" not in str(caught.value)


def test_a_patient_needs_neither_telephone_nor_address() -> None:
    report = replace(REGISTERED, phone="", email="", address="")
    assert find_faults(write(report, PARTIES)) == []


# a fault for each kind of rule: replaced text, replacement, what is found
PLANTED = [
    ("ORU^R01^ORU_R01", "ORU^R01", "MSH-9 isn't in its value set"),
    ("|2.5.1|", "|2.3|", "MSH-12 isn't in its value set"),
    ("PHLabReport-Ack", "PHLabReport", "MSH-21 isn't a profile of the guide"),
    ("20261129140506+0000||ORU", "202611291405||ORU", "MSH-7 isn't a time to the second with a zone"),
    ("|P|2.5.1", "||2.5.1", "MSH-11 is required"),
    ("SFT|CoronaCare", "SFT|", "SFT-1 is required"),
    ("^PI|", "^|", "PID-3 needs an id, its authority and its type"),
    ("O'Neil\\F\\Müller^Ada", "^Ada", "PID-5 needs a family name"),
    ("|U|", "|X|", "PID-8 isn't in its value set"),
    ("|19900510|", "|1990-05-10|", "PID-7 isn't a time"),
    ("O'Neil\\F\\", "O'Neil\\F", "PID-5 has a broken escape sequence"),
    ("ORC|RE|", "ORC|NW|", "ORC-1 isn't in its value set"),
    ("OBR|1||AB-12345^", "OBR|1||AB-99999^", "ORC-3 isn't OBR-3"),
    ("|||F\rOBX", "|||W\rOBX", "OBR-25 isn't in its value set"),
    ("OBX|1|CWE|94500-6", "OBX|1|CWE|260373001", "OBX-3 isn't a code of LOINC or SNOMED CT with its name"),
    ("260373001^Detected^SCT", "260373002^Detected^SCT", "OBX-5 has a wrong check digit"),
    ("260373001^Detected^SCT", "", "OBX-5 is required"),
    ("|||F|||20261128", "|||E|||20261128", "OBX-11 isn't in its value set"),
    ("|||F|||20261128", "|||W|||20261128", "OBR-25 must be C if an OBX-11 is C or W"),
    ("A^Abnormal^HL70078", "POS^Positive^HL70078", "OBX-8 isn't in its value set"),
    ("|North Lab^L", "|^L", "OBX-23 needs the authority and type of its id"),
    ("SPM|1|AB", "SPM|2~3|AB", "SPM-1 doesn't repeat"),
    ("258500001^Nasopharyngeal swab^SCT", "NP^Swab^L", "SPM-4 isn't a code of LOINC or SNOMED CT with its name"),
    ("PID|1|", "PID|1|9", "PID-2 isn't supported"),
    ("\rORC", "\rORC|RE\rORC", "the order or number of segments"),
]


@pytest.mark.parametrize(("text", "replacement", "fault"), PLANTED, ids=[each[2] for each in PLANTED])
def test_a_planted_fault_is_found(text: str, replacement: str, fault: str) -> None:
    content = write(REGISTERED, PARTIES).decode()
    if fault.startswith("OBX-23"):
        content = content.replace("CLIA&2.16.840.1.113883.4.7&ISO^XX", "^")
    assert text in content
    assert fault in find_faults(content.replace(text, replacement, 1).encode())


def test_special_characters_are_escaped() -> None:
    assert escape("a|b^c&d~e\\f") == "a\\F\\b\\S\\c\\T\\d\\R\\e\\E\\f"
