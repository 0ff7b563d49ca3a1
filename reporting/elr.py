"""HL7 v2.5.1 ORU^R01, as Electronic Laboratory Reporting to Public Health, Release 1 (US Realm) requires.

https://www.hl7.org/implement/standards/product_brief.cfm?product_id=98. Numbers are HL7's. Optional fields of which we
know nothing, such as race and ordering provider, are left out.
"""

from __future__ import annotations

import re
from datetime import datetime

import phonenumbers

from reporting.codes import RESULTS, SPECIMENS
from reporting.report import Organization, Parties, Report, Status, require, utc

CONTENT_TYPE, SUFFIX = "application/hl7-v2; charset=utf-8", ".hl7"
# MSH-21: the profile whose receiver acknowledges each message
PROFILE = "PHLabReport-Ack^phLabResultsELRv251^2.16.840.1.113883.9.10^ISO"
# registry of laboratories in the USA
CLIA = "CLIA&2.16.840.1.113883.4.7&ISO"
PRODUCT, VERSION = "CoronaCare", "0.1.0"
# status: OBR-25 (table 0123, which has no code for withdrawn results) and OBX-11 (table 0085)
STATUSES = {Status.FINAL: ("F", "F"), Status.CORRECTED: ("C", "C"), Status.WITHDRAWN: ("C", "W")}
# OBX-8 (table 0078); other results have none
FLAGS = {"positive": "A^Abnormal^HL70078", "negative": "N^Normal^HL70078"}
WITHDRAWN_TEXT = "Entered in error"
ESCAPES = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
SPECIAL = re.compile(r"[\\|^&~]")
CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


def write(report: Report, parties: Parties) -> bytes:
    """Write a message.

    Raises:
        IncompleteReport: a required field is unknown.
    """
    require(report, "case_reference", "family_name", "barcode", "specimen_type")
    if report.status is not Status.WITHDRAWN:
        require(report, "result")
    segments = [
        _header(report, parties),
        _segment("SFT", {1: escape(PRODUCT), 2: VERSION, 3: PRODUCT, 4: VERSION}),
        _patient(report, parties),
        _order(report, parties),
        _request(report, parties),
        _observation(report, parties),
        _specimen(report, parties),
    ]
    return "".join(f"{segment}\r" for segment in segments).encode()


def escape(text: str) -> str:
    """Replace delimiters by escape sequences, and control characters, which would end a segment, by a space."""
    return SPECIAL.sub(lambda found: ESCAPES[found[0]], CONTROL.sub(" ", text)).strip()


def _segment(name: str, fields: dict[int, str]) -> str:
    return "|".join([name, *(fields.get(number, "") for number in range(1, max(fields) + 1))])


def _header(report: Report, parties: Parties) -> str:
    facility = parties.facility
    fields = {
        3: _designator(PRODUCT, facility.oid),
        4: _designator(facility.name, facility.oid),
        5: _designator(parties.receiver, parties.receiver_oid),
        6: _designator(parties.receiver, parties.receiver_oid),
        7: _time(report.reported_at),
        9: "ORU^R01^ORU_R01",
        10: report.control_id,
        11: "P",
        12: "2.5.1",
        15: "AL",
        16: "NE",
        18: "UNICODE UTF-8",
        21: PROFILE,
    }
    # MSH-1 is the separator itself
    return "MSH|^~\\&|" + "|".join(fields.get(number, "") for number in range(3, 22))


def _patient(report: Report, parties: Parties) -> str:
    phone = _telephone(report.phone, "PRN") if report.phone else ""
    email = f"^NET^Internet^{escape(report.email)}" if report.email else ""
    fields = {
        1: "1",
        3: f"{escape(report.case_reference)}^^^{_designator(PRODUCT, parties.facility.oid, '&')}^PI",
        5: f"{escape(report.family_name)}^{escape(report.given_name)}^^^^^L",
        7: f"{report.birth_date:%Y%m%d}",
        8: "U",
        11: f"{escape(report.address)}^^^^^^H" if report.address else "",
        13: "~".join(filter(None, (phone, email))),
    }
    return _segment("PID", fields)


def _order(report: Report, parties: Parties) -> str:
    facility = parties.facility
    fields = {
        1: "RE",
        3: _order_number(report, parties),
        21: _organization(facility),
        22: _address(facility),
        23: _telephone(facility.phone, "WPN"),
    }
    return _segment("ORC", fields)


def _request(report: Report, parties: Parties) -> str:
    fields = {
        1: "1",
        3: _order_number(report, parties),
        4: _test(parties),
        7: _time(report.collected_at),
        22: _time(report.reported_at),
        25: STATUSES[report.status][0],
    }
    return _segment("OBR", fields)


def _observation(report: Report, parties: Parties) -> str:
    fields = {
        1: "1",
        2: "CWE",
        3: _test(parties),
        5: _value(report),
        8: FLAGS.get(report.result, ""),
        11: STATUSES[report.status][1],
        14: _time(report.collected_at),
        23: _organization(parties.laboratory),
        24: _address(parties.laboratory),
    }
    return _segment("OBX", fields)


def _value(report: Report) -> str:
    """Return OBX-5; a withdrawn result is unknown to us, so that it is a text in the place of the original text."""
    if report.status is Status.WITHDRAWN:
        return "^" * 8 + WITHDRAWN_TEXT
    result = RESULTS[report.result]
    return f"{result.code}^{escape(result.name)}^SCT"


def _specimen(report: Report, parties: Parties) -> str:
    barcode = f"{escape(report.barcode)}&{_designator(parties.facility.name, parties.facility.oid, '&')}"
    specimen = SPECIMENS[report.specimen_type]
    fields = {
        1: "1",
        2: f"{barcode}^{barcode}",
        4: f"{specimen.code}^{escape(specimen.name)}^SCT",
        17: _time(report.collected_at),
    }
    return _segment("SPM", fields)


def _order_number(report: Report, parties: Parties) -> str:
    """Return the filler order number: the barcode, which the first report and its corrections have in common."""
    return f"{escape(report.barcode)}^{_designator(parties.facility.name, parties.facility.oid)}"


def _test(parties: Parties) -> str:
    return f"{escape(parties.test)}^{escape(parties.test_name)}^LN"


def _designator(name: str, oid: str, separator: str = "^") -> str:
    return separator.join((escape(name), oid, "ISO"))


def _organization(organization: Organization) -> str:
    name = f"{escape(organization.name)}^L"
    return f"{name}^^^^{CLIA}^XX^^^{escape(organization.clia)}" if organization.clia else name


def _address(organization: Organization) -> str:
    parts = (organization.street, "", organization.city, "", organization.postal_code, organization.country, "B")
    return "^".join(map(escape, parts))


def _telephone(e164: str, use: str) -> str:
    """Return an XTN with country code, area code and local number."""
    number = phonenumbers.parse(e164)
    national = phonenumbers.national_significant_number(number)
    area = phonenumbers.length_of_geographical_area_code(number)
    return f"^{use}^PH^^{number.country_code}^{national[:area]}^{national[area:]}"


def _time(moment: datetime) -> str:
    return f"{utc(moment):%Y%m%d%H%M%S}+0000"
