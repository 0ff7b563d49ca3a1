"""Codes, texts and the rules by which a result is taken or goes to the inbox."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from services.lab.gateway.codes import Mapping, Meaning, load_table
from services.lab.gateway.matching import Decision, Outcome, Reason, Sample, decide
from services.lab.gateway.messages.reading import read
from services.lab.gateway.messages.reports import Coding, Format, Observation, Status
from tests.support.lab_messages import NEGATIVE, POSITIVE, Example, hl7, write

SAMPLE = Sample("C-1", 1, "AB-12345", "CC-7", date(1990, 7, 21))
OTHER = Sample("C-2", 1, "AB-2", "CC-8", date(1950, 1, 1))
TABLE = load_table()
LOINC, RNA = "LN", ("94500-6", "", "LN")


def decide_on(example: Example, format: Format = Format.HL7, *samples: Sample) -> Decision:
    (report,) = read(write(example, format), format)
    (observation,) = report.observations
    return decide(observation, TABLE.evaluate(observation, report.sender), samples or (SAMPLE, OTHER), report.problems)


def evaluate(*values: Coding, tests: tuple[Coding, ...] = (Coding("94500-6", "LN"),), flag: str = "") -> str:
    flags = (Coding(flag, "HL70078"),) if flag else ()
    evaluation = TABLE.evaluate(Observation("OBX 1", tests=tests, values=values, flags=flags), "lab")
    return evaluation.result or evaluation.meaning


@pytest.mark.parametrize(
    ("value", "result"),
    [
        (Coding("260373001", "SCT", "Detected"), "positive"),
        (Coding("10828004", "http://snomed.info/sct"), "positive"),
        (Coding("260415000", "2.16.840.1.113883.6.96", "not seen"), "negative"),
        (Coding("419984006", "SNOMED-CT"), "inconclusive"),
        (Coding("125154007", "SCT"), "unsatisfactory"),
        (Coding("LA6576-8", "LN"), "positive"),
        (Coding("LA6577-6", "http://loinc.org"), "negative"),
        (Coding("POS", "HL70078"), "positive"),
        (Coding("260373001"), "positive"),
        (Coding(text=" NOT  DETECTED "), "negative"),
        (Coding("Positive"), "positive"),
        (Coding("X1", "L", "Inconclusive"), "inconclusive"),
        # codes of another or of no system, and what may mean several things
        (Coding("POS", "L"), "unknown_result"),
        (Coding("260373001", "LN"), "unknown_result"),
        (Coding("N", "HL70078"), "unknown_result"),
        (Coding("P"), "unknown_result"),
        (Coding("720735008", "SCT", "Presumptive positive"), "unknown_result"),
        (Coding("895231008", "SCT", "Not detected in pooled specimen"), "unknown_result"),
        (Coding(text="not positive"), "unknown_result"),
        # a code of a standard that isn't in the table may say less than its text
        (Coding("720735008", "SCT", "Positive"), "unknown_result"),
        (Coding("LA1-1", "LN", "Detected"), "unknown_result"),
        (Coding("260373001", "SCT", "Presumptive positive"), "unknown_result"),
        (Coding("260415000", "SCT", "Not detected in pooled specimen"), "unknown_result"),
        (Coding("260373001", "SCT", "Not detected"), "contradiction"),
    ],
)
def test_results_by_code_and_text(value: Coding, result: str) -> None:
    assert evaluate(value) == result


@pytest.mark.parametrize(
    ("test", "meaning"),
    [
        (Coding("94500-6", "LN"), "positive"),
        (Coding("94531-1", "LN"), "positive"),
        (Coding("94558-4"), "positive"),
        (Coding(text="COVID-19 PCR"), "positive"),
        (Coding("95418-0", "LN"), Meaning.OTHER),
        (Coding("92142-9", "LN"), Meaning.OTHER),
        (Coding(text="Influenza A"), Meaning.OTHER),
        (Coding("94500-6", "LN", "Influenza A"), Meaning.CONTRADICTION),
        (Coding("96448-6", "LN"), "positive"),
        (Coding("94762-2", "LN", "SARS-CoV-2 antigen"), Meaning.UNKNOWN_TEST),
        (Coding("95423-0", "LN", "Influenza virus A and B and SARS-CoV-2 identified"), Meaning.UNKNOWN_TEST),
        (Coding("94563-4", "LN", "SARS-CoV-2 IgG Ab"), Meaning.UNKNOWN_TEST),
        (Coding("94500-6", "L"), Meaning.UNKNOWN_TEST),
        (Coding("94558-4", "260415000", "LN"), Meaning.UNKNOWN_TEST),
        (Coding(), Meaning.UNKNOWN_TEST),
    ],
)
def test_tests_by_code_and_text(test: Coding, meaning: str) -> None:
    assert evaluate(Coding("260373001", "SCT"), tests=(test,)) == meaning


def test_a_flag_confirms_or_contradicts_and_decides_only_without_a_value() -> None:
    detected = Coding("260373001", "SCT")
    assert evaluate(detected, flag="POS") == "positive"
    assert evaluate(detected, flag="A") == "positive"
    assert evaluate(detected, flag="NEG") == "contradiction"
    assert evaluate(flag="NEG") == "negative"
    assert evaluate(Coding("unheard of", "L"), flag="NEG") == "unknown_result"
    assert evaluate(flag="N") == "unknown_result"


def test_the_code_table_has_valid_loinc_codes() -> None:
    """LOINC's check digit: Luhn's algorithm over the digits before the hyphen."""
    codes = [code for (system, code) in {**TABLE._tests} if system == "LOINC"]
    assert len(codes) > 40
    for code in codes:
        digits, check = code.split("-")
        doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
        assert (10 - sum(number - 9 if number > 9 else number for number in doubled) % 10) % 10 == int(check), code


def test_a_mapping_of_staff_is_of_one_sender() -> None:
    coding = Coding("COV", "L", "House PCR")
    table = load_table([Mapping("North Lab", TABLE.key_of(coding), "test")])
    observation = Observation("OBX 1", tests=(coding,), values=(Coding("260373001", "SCT"),))
    assert table.evaluate(observation, "North Lab").result == "positive"
    assert table.evaluate(observation, "South Lab").meaning is Meaning.UNKNOWN_TEST


def test_a_mapping_of_a_doubtful_text_is_of_this_text_only() -> None:
    doubtful = Coding("260373001", "SCT", "Presumptive positive")
    pooled = Coding("260373001", "SCT", "Detected in pool")
    table = load_table([Mapping("lab", TABLE.key_of(doubtful), "positive")])
    tests = (Coding("94500-6", "LN"),)
    evaluations = [table.evaluate(Observation("", tests=tests, values=(value,)), "lab") for value in (doubtful, pooled)]
    assert [each.result or each.meaning for each in evaluations] == ["positive", Meaning.UNKNOWN_RESULT]


def test_staff_map_the_code_that_is_unknown() -> None:
    known, unknown = Coding("94500-6", "LN"), Coding("1-8", "LN")
    assert TABLE.find_unknown([known, unknown], "test", "lab") == unknown
    assert TABLE.find_unknown([known], "test", "lab") == known


@pytest.mark.parametrize("format", list(Format))
@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, Outcome.TAKEN),
        ({"barcode": "ab-12345"}, Outcome.TAKEN),
        ({"birth_date": ""}, Outcome.TAKEN),
        ({"barcode": "", "order": "CC-7"}, Outcome.TAKEN),
        ({"status": "P"}, Outcome.PRELIMINARY),
        ({"test": ("95418-0", "", "LN")}, Outcome.OTHER),
        ({"birth_date": "1990-12-07"}, Reason.BIRTH_DATE),
        ({"barcode": "AB-1234"}, Reason.NO_SAMPLE),
        ({"barcode": "", "order": ""}, Reason.NO_IDENTIFIER),
        ({"order": "CC-8"}, Reason.SEVERAL_SAMPLES),
        ({"test": ("COV", "", "L")}, Reason.UNKNOWN_TEST),
        ({"value": ("??", "", "L")}, Reason.UNKNOWN_RESULT),
        ({"status": "U"}, Reason.STATUS),
        ({"status": ""}, Reason.STATUS),
        ({"status": "C"}, Reason.NO_RESULT_BEFORE),
        ({"status": "W"}, Reason.NO_RESULT_BEFORE),
        ({"status": "X"}, Reason.NO_RESULT_BEFORE),
    ],
)
def test_what_is_taken_and_what_goes_to_the_inbox(format: Format, changes: dict[str, str], outcome: str) -> None:
    decision = decide_on(replace(POSITIVE, **changes), format)
    if format is Format.CSV and changes == {"status": ""}:
        # without a status, a row is final
        assert decision.outcome is Outcome.TAKEN
    else:
        assert outcome in (decision.outcome, decision.reason)
    if decision.outcome is Outcome.TAKEN:
        assert (decision.sample, decision.status, decision.result) == (SAMPLE, "final", "positive")


@pytest.mark.parametrize(
    ("known", "sent", "expected"),
    [
        # status and result that were reported; status and result that come; outcome or reason, status, result
        (("final", "positive"), ("F", POSITIVE), (Outcome.KNOWN, "", "")),
        (("final", "positive"), ("C", POSITIVE), (Outcome.KNOWN, "", "")),
        (("final", "positive"), ("C", NEGATIVE), (Outcome.TAKEN, "corrected", "negative")),
        (("final", "positive"), ("F", NEGATIVE), (Reason.NOT_MARKED, "", "")),
        (("final", "positive"), ("W", POSITIVE), (Outcome.TAKEN, "entered-in-error", "")),
        (("final", "positive"), ("X", NEGATIVE), (Outcome.TAKEN, "entered-in-error", "")),
        (("final", "positive"), ("P", NEGATIVE), (Outcome.PRELIMINARY, "", "")),
        (("corrected", "negative"), ("C", POSITIVE), (Outcome.TAKEN, "corrected", "positive")),
        (("entered-in-error", ""), ("W", POSITIVE), (Outcome.KNOWN, "", "")),
        (("entered-in-error", ""), ("F", POSITIVE), (Reason.WITHDRAWN_BEFORE, "", "")),
        (("entered-in-error", ""), ("C", NEGATIVE), (Outcome.TAKEN, "corrected", "negative")),
    ],
)
def test_a_result_after_another(
    known: tuple[str, str], sent: tuple[str, Example], expected: tuple[str, str, str]
) -> None:
    sample = replace(SAMPLE, status=known[0], result=known[1])
    decision = decide_on(replace(sent[1], status=sent[0]), Format.HL7, sample)
    assert expected[0] in (decision.outcome, decision.reason)
    assert (decision.status, decision.result) == expected[1:]


def test_a_cancelled_test_and_an_order_without_date_of_birth_go_to_the_inbox() -> None:
    assert decide_on(POSITIVE, Format.HL7, replace(SAMPLE, is_cancelled=True)).reason == Reason.CANCELLED
    without_date = replace(SAMPLE, birth_date=None)
    assert decide_on(POSITIVE, Format.HL7, without_date).reason == Reason.BIRTH_DATE_UNKNOWN
    assert decide_on(replace(POSITIVE, birth_date=""), Format.HL7, without_date).outcome is Outcome.TAKEN


def test_a_barcode_that_may_be_cut_off_needs_the_date_of_birth() -> None:
    short = replace(SAMPLE, barcode="AB-12", birth_date=date(1990, 7, 21))
    for example, reason in ((POSITIVE, ""), (replace(POSITIVE, birth_date=""), Reason.CUT_OFF)):
        content = hl7(example)
        (report,) = read(content[: content.index(b"AB-12345") + 5], Format.HL7)
        (observation,) = report.observations
        assert decide(observation, TABLE.evaluate(observation, ""), [short]).reason == reason


def test_problems_of_message_and_result_are_the_reason() -> None:
    observation = Observation("OBX 1", tests=(Coding("94500-6", "LN"),), status=Status.FINAL, problems=("b",))
    decision = decide(observation, TABLE.evaluate(observation, ""), [SAMPLE], ("a",))
    assert (decision.outcome, decision.reason) == (Outcome.INBOX, "a; b")
