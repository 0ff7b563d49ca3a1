"""The readers of HL7 v2, FHIR R4 and CSV: what they understand, and what they name as a problem."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from services.lab.gateway.messages.reading import detect_format, read
from services.lab.gateway.messages.reports import Coding, Format, Observation, Report, Status
from services.lab.gateway.messages.texts import parse_birth_date
from tests.support.lab_messages import HEADER, NEGATIVE, POSITIVE, csv, csv_row, fhir_bundle, hl7, hl7_segments, write

FORMATS = list(Format)


def read_one(content: bytes, format: Format) -> tuple[Report, Observation]:
    (report,) = read(content, format)
    (observation,) = report.observations
    return report, observation


def read_hl7_lines(*lines: str) -> list[Report]:
    return read("\r".join([*lines, ""]).encode(), Format.HL7)


@pytest.mark.parametrize("format", FORMATS)
def test_a_result_is_read_in_each_format(format: Format) -> None:
    report, observation = read_one(write(POSITIVE, format), format)
    assert (report.problems, observation.problems) == ((), ())
    assert "AB-12345" in observation.specimen_ids
    assert "LIS-77" in observation.order_ids
    assert observation.tests[0].code == "94500-6"
    assert observation.values[0].code == "260373001"
    assert observation.status is Status.FINAL
    assert observation.birth_date == date(1990, 7, 21)
    assert observation.family_name == "Sample"
    assert "North Lab" in report.sender
    assert report.control_id == ("" if format is Format.CSV else "MSG-1")


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize(
    ("sent", "read_as"),
    [
        ("F", Status.FINAL),
        ("C", Status.CORRECTED),
        ("P", Status.PRELIMINARY),
        ("X", Status.WITHDRAWN),
        ("W", Status.WITHDRAWN),
        ("U", Status.UNKNOWN),
    ],
)
def test_a_status_is_read_in_each_format(format: Format, sent: str, read_as: Status) -> None:
    assert read_one(write(replace(POSITIVE, status=sent), format), format)[1].status is read_as


@pytest.mark.parametrize("format", FORMATS)
def test_formats_are_detected_by_their_first_characters(format: Format) -> None:
    expected = None if format is Format.CSV else format
    for before in (b"", b"\xef\xbb\xbf", b"\n ", b"\x0b"):
        assert detect_format(before + write(POSITIVE, format)) is expected


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("content", [b"", b"\x00", b"hello", b"\xff\xfe\xfd", b"[]", b'{"a": 1}', b"MSH", b"MSH|"])
def test_what_is_no_message_is_one_problem(content: bytes, format: Format) -> None:
    reports = read(content, format)
    assert [report.observations for report in reports] == [()]
    assert len(reports[0].problems) == 1


class TestHl7:
    @pytest.mark.parametrize("end", ["\r", "\n", "\r\n"])
    @pytest.mark.parametrize("frame", [(b"", b""), (b"\x0b", b"\x1c\r"), (b"\xef\xbb\xbf", b""), (b"\n", b"\n\n")])
    def test_line_ends_frames_and_marks_do_not_matter(self, end: str, frame: tuple[bytes, bytes]) -> None:
        _, observation = read_one(frame[0] + hl7(POSITIVE, end) + frame[1], Format.HL7)
        assert observation == read_one(hl7(POSITIVE), Format.HL7)[1]

    def test_five_encoding_characters(self) -> None:
        content = hl7(POSITIVE).replace(b"|^~\\&|", b"|^~\\&#|", 1)
        assert read_one(content, Format.HL7) == read_one(hl7(POSITIVE), Format.HL7)

    def test_other_separators(self) -> None:
        content = hl7(POSITIVE).translate(bytes.maketrans(b"|^~\\&", b"*!%?$"))
        assert read_one(content, Format.HL7)[1] == read_one(hl7(POSITIVE), Format.HL7)[1]

    @pytest.mark.parametrize("header", ["MSH|^~", "MSH||||", "MSHx^~\\&x", "MSH|^~\\&", "MSH|||||LAB|"])
    def test_damaged_separators(self, header: str) -> None:
        (report,) = read_hl7_lines(header, *hl7_segments(POSITIVE)[1:])
        assert report.observations == ()
        assert report.problems

    def test_a_batch_has_its_messages_with_their_control_ids(self) -> None:
        other = replace(NEGATIVE, control_id="MSG-2", barcode="AB-2")
        reports = read_hl7_lines(
            "FHS|^~\\&|A", "BHS|^~\\&|A", *hl7_segments(POSITIVE), *hl7_segments(other), "BTS|2", "FTS|1"
        )
        assert [(each.control_id, each.observations[0].specimen_ids[0]) for each in reports] == [
            ("MSG-1", "AB-12345"),
            ("MSG-2", "AB-2"),
        ]
        assert all(each.problems == () for each in reports)

    def test_a_batch_with_a_message_too_few_is_a_problem_of_its_own(self) -> None:
        first, second = read_hl7_lines("BHS|^~\\&|A", *hl7_segments(POSITIVE), "BTS|2")
        assert first.problems == ()
        assert second.problems == ("the batch trailer counts 2 messages, the batch has 1",)

    def test_several_orders_have_their_own_specimens(self) -> None:
        lines = hl7_segments(POSITIVE)
        more = hl7_segments(replace(NEGATIVE, barcode="AB-2"))
        (report,) = read_hl7_lines(*lines, *more[2:])
        assert [(each.specimen_ids[0], each.values[0].code) for each in report.observations] == [
            ("AB-12345", "260373001"),
            ("AB-2", "260415000"),
        ]
        (report,) = read_hl7_lines(*lines, *more[3:])
        assert [each.specimen_ids[0] for each in report.observations] == ["AB-12345", "AB-2"]

    def test_several_patients_have_their_own_dates_of_birth(self) -> None:
        second = hl7_segments(replace(NEGATIVE, barcode="AB-2", birth_date="1950-01-02"))
        (report,) = read_hl7_lines(*hl7_segments(POSITIVE), *second[1:])
        assert [each.birth_date for each in report.observations] == [date(1990, 7, 21), date(1950, 1, 2)]

    def test_short_segments_have_empty_fields(self) -> None:
        header, *_ = hl7_segments(POSITIVE)
        (report,) = read_hl7_lines(header, "PID|1", "OBR", "OBX", "SPM")
        (observation,) = report.observations
        assert (observation.tests, observation.values, observation.specimen_ids) == ((), (), ())
        assert observation.status is Status.UNKNOWN

    def test_alternate_codings_and_original_texts_are_read(self) -> None:
        value = "POS^Found^L^260373001^Detected^SCT^^^Virus found"
        content = hl7(replace(POSITIVE, value=(value, "", "")))
        assert read_one(content, Format.HL7)[1].values == (
            Coding("POS", "L", "Found"),
            Coding("260373001", "SCT", "Detected"),
            Coding(text="Virus found"),
        )

    def test_escape_sequences_are_replaced(self) -> None:
        content = hl7(replace(POSITIVE, value=("", r"a\T\b\X41\\Zq\ \E\ ", "")))
        assert read_one(content, Format.HL7)[1].values[0].text == "a&bA\\Zq\\ \\"

    @pytest.mark.parametrize(
        ("line", "replacement", "problem"),
        [
            (0, "ORU^R01^ORU_R01>ADT^A01", "isn't a message of type ORU^R01 (MSH-9)"),
            (0, "|P|2.5.1>|T|2.5.1", "is for training or debugging, not for production (MSH-11)"),
            (5, "SPM|>SCT|", "line 6 isn't a segment of ORU^R01; the segment before it may be broken"),
            (4, "OBX|>\nOBX|", ""),
        ],
    )
    def test_problems_of_a_message(self, line: int, replacement: str, problem: str) -> None:
        lines = hl7_segments(POSITIVE)
        lines[line] = lines[line].replace(*replacement.split(">"))
        (report,) = read_hl7_lines(*lines)
        assert report.problems == ((problem,) if problem else ())

    @pytest.mark.parametrize(
        ("line", "change", "problem"),
        [
            (5, "|" * 17 + "RB^Broken container^HL70490", "the specimen was rejected, but has a result (SPM-21)"),
            (2, "||CA", "the order was cancelled, but has a result (ORC-1, ORC-5)"),
            (3, "|" * 18 + "X", "the order was cancelled, but has a result (OBR-25)"),
        ],
    )
    def test_what_contradicts_a_result_is_a_problem(self, line: int, change: str, problem: str) -> None:
        for status, problems in (("F", (problem,)), ("X", ())):
            lines = hl7_segments(replace(POSITIVE, status=status))
            lines[line] += change
            (report,) = read_hl7_lines(*lines)
            assert report.observations[0].problems == problems

    @pytest.mark.parametrize(
        "segments", [["SPM|1|||x" + "|" * 26 + "AB-9"], ["SPM|1|", "SAC||AB-9|F-9"], ["SAC|||AB-9"]]
    )
    def test_other_ids_of_a_specimen_and_its_container(self, segments: list[str]) -> None:
        (report,) = read_hl7_lines(*hl7_segments(POSITIVE)[:5], *segments)
        assert "AB-9" in report.observations[0].specimen_ids

    @pytest.mark.parametrize(
        ("declared", "encoding", "name"),
        [("8859/2", "iso8859-2", "Łukasz"), ("ISO IR87", "iso2022_jp", "山田"), ("BIG-5", "big5", "許功蓋")],
    )
    def test_the_character_set_of_the_header(self, declared: str, encoding: str, name: str) -> None:
        lines = hl7_segments(POSITIVE)
        lines[0] += "||||||" + declared
        lines[1] = lines[1].replace("Sample", name)
        # control: a byte of these names is a separator in another character set
        assert name != "許功蓋" or b"\\" in name.encode(encoding)
        (report,) = read("".join(line + "\r" for line in lines).encode(encoding), Format.HL7)
        assert report.remarks == ()
        assert (report.observations[0].family_name, report.observations[0].birth_date) == (name, date(1990, 7, 21))

    @pytest.mark.parametrize("text", ["DeIdentified", "19900732", "1990", "199007", "18000101", "29900101"])
    def test_an_unreadable_date_of_birth_is_a_problem(self, text: str) -> None:
        lines = hl7_segments(POSITIVE)
        lines[1] = lines[1].replace("19900721", text)
        (report,) = read_hl7_lines(*lines)
        assert report.observations[0].birth_date is None
        assert report.observations[0].problems == ("the date of birth can't be read (PID-7)",)

    def test_latin_1_is_read_and_remarked(self) -> None:
        (report,) = read(hl7(POSITIVE).replace(b"Sample^", b"M\xfcller^"), Format.HL7)
        assert report.observations[0].family_name == "Müller"
        assert report.remarks == ("isn't UTF-8; read as ISO 8859-1",)

    @pytest.mark.parametrize("damage", [b"\x00", b"\x0b", b"\x1b", "\ufffd".encode()])
    def test_characters_that_cannot_be_read_are_problems(self, damage: bytes) -> None:
        (report,) = read(hl7(POSITIVE).replace(b"AB-12345", b"AB-12" + damage + b"345"), Format.HL7)
        assert report.observations[0].problems == ("has characters that can't be read",)

    def test_an_id_at_the_end_without_a_line_end_may_be_cut_off(self) -> None:
        whole = hl7(POSITIVE)
        assert not read_one(whole, Format.HL7)[1].may_be_cut_off
        cut = whole[: whole.index(b"AB-12345") + 5]
        assert read_one(cut, Format.HL7)[1].may_be_cut_off
        assert not read_one(cut + b"|", Format.HL7)[1].may_be_cut_off

    def test_nothing_of_a_message_is_logged(self, caplog: pytest.LogCaptureFixture) -> None:
        read(hl7(replace(POSITIVE, value=("", r"secret \Zq\ ", ""))), Format.HL7)
        assert caplog.text == ""


class TestFhir:
    def change(self, **changes: Any) -> Report:
        """Read the bundle with changed resources, by type."""
        bundle = fhir_bundle(POSITIVE)
        for entry in bundle["entry"]:
            entry["resource"].update(changes.get(entry["resource"]["resourceType"], {}))
        bundle.update(changes.get("Bundle", {}))
        (report,) = read(json.dumps(bundle).encode(), Format.FHIR)
        return report

    def test_an_observation_alone_is_read(self) -> None:
        resource = fhir_bundle(POSITIVE)["entry"][-1]["resource"]
        resource["contained"] = [
            {"resourceType": "Specimen", "id": "s", "identifier": [{"value": "AB-9"}]},
            {"resourceType": "Patient", "id": "p", "birthDate": "1980-01-01"},
        ]
        resource["specimen"], resource["subject"] = {"reference": "#s"}, {"reference": "#p"}
        _, observation = read_one(json.dumps(resource).encode(), Format.FHIR)
        assert (observation.specimen_ids, observation.birth_date) == (("AB-9",), date(1980, 1, 1))

    def test_a_report_alone_has_what_its_results_refer_to(self) -> None:
        """References within a contained resource are those of its container (https://hl7.org/fhir/R4/references.html)."""
        resources = {each["resource"]["resourceType"]: each["resource"] for each in fhir_bundle(POSITIVE)["entry"]}
        names = {"Observation": "obs", "Specimen": "spec", "Patient": "pat", "ServiceRequest": "req"}
        text = json.dumps({**resources["DiagnosticReport"], "contained": [resources[name] for name in names]})
        for kind, name in names.items():
            text = text.replace(f'"{kind}/{name}"', f'"#{name}"')
        _, observation = read_one(text.encode(), Format.FHIR)
        assert (observation.specimen_ids, observation.birth_date) == (("AB-12345",), date(1990, 7, 21))
        assert observation.problems == ()

    def test_the_members_of_a_panel_are_results(self) -> None:
        bundle = fhir_bundle(POSITIVE)
        panel = {"resourceType": "Observation", "id": "panel", "hasMember": [{"reference": "Observation/obs"}]}
        bundle["entry"].append({"fullUrl": "Observation/panel", "resource": panel})
        bundle["entry"][1]["resource"]["result"] = [{"reference": "Observation/panel"}]
        _, observation = read_one(json.dumps(bundle).encode(), Format.FHIR)
        assert (observation.values[0].code, observation.problems) == ("260373001", ())
        panel["hasMember"] = [{"reference": "Observation/other"}]
        (report,) = read(json.dumps(bundle).encode(), Format.FHIR)
        assert [each.problems for each in report.observations] == [("isn't in the bundle",), ()]

    def test_the_id_of_a_container(self) -> None:
        report = self.change(Specimen={"identifier": [], "container": [{"identifier": [{"value": "AB-7"}]}]})
        assert report.observations[0].specimen_ids == ("AB-7",)

    def test_a_specimen_may_be_named_by_its_identifier_only(self) -> None:
        report = self.change(Observation={"specimen": {"identifier": {"value": "AB-7"}}})
        assert report.observations[0].specimen_ids == ("AB-7",)
        assert report.observations[0].problems == ()

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"Observation": {"specimen": {"reference": "Specimen/other"}}}, "its specimen isn't in the bundle"),
            ({"Observation": {"subject": {"reference": "Patient/other"}}}, "its patient isn't in the bundle"),
            ({"DiagnosticReport": {"result": [{"reference": "Observation/other"}]}}, "isn't in the bundle"),
            ({"Observation": {"modifierExtension": [{}]}}, "has a modifier extension or implicit rules"),
            ({"DiagnosticReport": {"status": "cancelled"}}, "the report was cancelled, but has a result"),
            (
                {"DiagnosticReport": {"status": "registered"}},
                "the status of the report is that of one without results",
            ),
            ({"Specimen": {"modifierExtension": [{}]}}, "has a modifier extension or implicit rules"),
            ({"Patient": {"implicitRules": "urn:x"}}, "has a modifier extension or implicit rules"),
            (
                {"Specimen": {"status": "unsatisfactory"}},
                "its specimen has the status unsatisfactory, but there is a result",
            ),
            ({"ServiceRequest": {"status": "revoked"}}, "its order has the status revoked, but there is a result"),
            (
                {"Observation": {"dataAbsentReason": {}}},
                "has a result, and a reason why it has none (dataAbsentReason)",
            ),
            (
                {"Patient": {"birthDate": "1990-07"}},
                "the date of birth can't be read, or isn't whole (Patient.birthDate)",
            ),
        ],
    )
    def test_problems_of_a_result(self, changes: dict[str, Any], problem: str) -> None:
        assert problem in self.change(**changes).observations[0].problems

    def test_two_resources_of_one_name_are_ambiguous(self) -> None:
        bundle = fhir_bundle(POSITIVE)
        other = {"resourceType": "Specimen", "id": "spec", "identifier": [{"value": "AB-2"}]}
        bundle["entry"].append({"fullUrl": "Specimen/spec", "resource": other})
        _, observation = read_one(json.dumps(bundle).encode(), Format.FHIR)
        assert observation.specimen_ids == ()
        assert "its specimen isn't in the bundle" in observation.problems

    @pytest.mark.parametrize(
        ("changes", "problem"),
        [
            ({"Bundle": {"type": "transaction-response"}}, "is a bundle of a type that brings no results"),
            ({"Bundle": {"entry": []}}, "has no result: no Observation"),
            (
                {"Bundle": {"meta": {"security": [{"code": "HTEST"}]}}},
                "is for training or debugging, not for production (meta.tag)",
            ),
            ({"Bundle": {"implicitRules": "urn:x"}}, "has a modifier extension or implicit rules"),
            (
                {"Patient": {"meta": {"security": [{"code": "HTEST"}]}}},
                "is for training or debugging, not for production (meta.tag)",
            ),
        ],
    )
    def test_problems_of_a_bundle(self, changes: dict[str, Any], problem: str) -> None:
        assert self.change(**changes).problems == (problem,)

    def test_a_report_that_was_entered_in_error_withdraws_its_results(self) -> None:
        report = self.change(DiagnosticReport={"status": "entered-in-error"})
        assert report.observations[0].status is Status.WITHDRAWN

    def test_the_components_of_a_panel_are_results(self) -> None:
        concept = {"coding": [{"code": "260415000", "system": "http://snomed.info/sct"}]}
        code = {"coding": [{"code": "94500-6", "system": "http://loinc.org"}]}
        resource = {"component": [{"code": code, "valueCodeableConcept": concept}]}
        bundle = fhir_bundle(POSITIVE)
        del bundle["entry"][-1]["resource"]["valueCodeableConcept"]
        bundle["entry"][-1]["resource"].update(resource)
        _, observation = read_one(json.dumps(bundle).encode(), Format.FHIR)
        assert observation.values[0].code == "260415000"
        assert "AB-12345" in observation.specimen_ids

    def test_answers_to_questions_of_the_order_are_no_tests(self) -> None:
        bundle = fhir_bundle(POSITIVE)
        asked = {"resourceType": "Observation", "id": "q", "status": "final", "subject": {"reference": "Patient/pat"}}
        bundle["entry"].append({"fullUrl": "Observation/q", "resource": asked})
        bundle["entry"][3]["resource"]["supportingInfo"] = [{"reference": "Observation/q"}]
        (report,) = read(json.dumps(bundle).encode(), Format.FHIR)
        assert [each.is_question for each in report.observations] == [False, True]

    @pytest.mark.parametrize(
        "content",
        [
            b'{"resourceType": "Bundle", "resourceType": "Bundle"}',
            b"[" * 100_000,
            b'{"a":' * 100_000,
            b'{"resourceType": "Bundle", "entry": 1e999',
            b'{"resourceType": 5}',
            b"1" * 10_000,
        ],
    )
    def test_malformed_json_is_one_problem(self, content: bytes) -> None:
        (report,) = read(content, Format.FHIR)
        assert len(report.problems) == 1
        assert report.observations == ()

    def test_lone_surrogates_are_problems(self) -> None:
        report = self.change(Patient={"name": [{"family": "\ud800"}]})
        assert report.observations[0].family_name == "?"
        assert report.observations[0].problems == ("has characters that can't be read",)


class TestCsv:
    @pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_delimiters_and_line_ends(self, delimiter: str, end: str) -> None:
        _, observation = read_one(csv(POSITIVE, delimiter=delimiter, end=end), Format.CSV)
        assert observation.specimen_ids == ("AB-12345",)
        assert observation.problems == ()

    def test_columns_may_have_any_order_and_other_names(self) -> None:
        content = b'"Date of Birth";"Result";Test;Sample ID;Room\n21.07.1990;Positive;COVID-19 PCR;AB-1;"7; left"\n'
        _, observation = read_one(content, Format.CSV)
        assert observation.birth_date == date(1990, 7, 21)
        assert (observation.specimen_ids, observation.tests[0].text) == (("AB-1",), "COVID-19 PCR")
        assert observation.status is Status.FINAL

    @pytest.mark.parametrize("before", ["sep=;\n", "North Lab;;\n\n", "# export\n# of today\n"])
    @pytest.mark.parametrize("header", ["SampleID;Test;Result;DateOfBirth", "Accession #;LOINC;Final Result;D.O.B."])
    def test_lines_before_the_header_and_other_spellings(self, before: str, header: str) -> None:
        content = f'{before}{header}\n="AB-1";94500-6;Detected;21/07/1990\n'.encode()
        report, observation = read_one(content, Format.CSV)
        assert report.problems == ()
        assert (observation.specimen_ids, observation.birth_date) == (("AB-1",), date(1990, 7, 21))
        assert observation.tests == (Coding(code="94500-6", text="94500-6"),)

    def test_a_row_may_have_several_lines(self) -> None:
        content = f'{HEADER},note\n{csv_row(POSITIVE)},"one\ntwo"\n{csv_row(NEGATIVE)},\n'.encode()
        (report,) = read(content, Format.CSV)
        assert [(each.place, each.problems) for each in report.observations] == [("line 3", ()), ("line 4", ())]

    def test_quoted_cells_have_delimiters_and_quotation_marks(self) -> None:
        content = f'{HEADER}\nAB-1,94500-6,Detected,F,,"Doe, ""Jo""",,"Lab, North"\n'.encode()
        _, observation = read_one(content, Format.CSV)
        assert (observation.family_name, observation.laboratory) == ('Doe, "Jo"', "Lab, North")

    def test_a_row_of_another_length_is_a_problem_of_that_row(self) -> None:
        content = csv(POSITIVE) + b"AB-2,94500-6,Detected\n" + csv_row(NEGATIVE).encode() + b",,\n"
        (report,) = read(content, Format.CSV)
        assert report.problems == ()
        assert [each.problems for each in report.observations] == [
            (),
            ("has another number of cells than the header",),
            (),
        ]

    @pytest.mark.parametrize(
        ("header", "problem"),
        [
            ("name,age", "has no column specimen_id or order_id, no column test_code or test_text"),
            ("barcode,loinc,result,result", "several columns have the same meaning: result"),
        ],
    )
    def test_headers_that_are_not_understood(self, header: str, problem: str) -> None:
        (report,) = read(f"{header}\n1,2,3,4\n".encode(), Format.CSV)
        assert report.observations == ()
        assert report.problems[0].startswith(problem)

    def test_damaged_quotation_marks_are_a_problem_of_the_file(self) -> None:
        (report,) = read(csv(POSITIVE) + b'AB-2,"94500-6"x,Detected\n', Format.CSV)
        assert len(report.observations) == 1
        assert report.problems == ("can't be read from line 3 on: quotation marks or a cell are damaged",)


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1990-07-21", date(1990, 7, 21)),
        ("19900721", date(1990, 7, 21)),
        ("199007210930+0100", date(1990, 7, 21)),
        ("1990-07-21T00:00:00Z", date(1990, 7, 21)),
        ("7/21/1990", date(1990, 7, 21)),
        ("21.07.1990", date(1990, 7, 21)),
        ("21/07/1990", date(1990, 7, 21)),
        ("02/07/1990", date(1990, 2, 7)),
        ("1990/07/21", date(1990, 7, 21)),
        ("21-JUL-1990", date(1990, 7, 21)),
        ("7/21/1990 0:00", date(1990, 7, 21)),
        ("21-Abc-1990", None),
        ("33075", None),
        ("1990", None),
        ("1990-02-30", None),
        ("7/21/90", None),
        ("١٩٩٠-٠٧-٢١", None),
        ("", None),
    ],
)
def test_dates_of_birth(text: str, day: date | None) -> None:
    assert parse_birth_date(text) == day
