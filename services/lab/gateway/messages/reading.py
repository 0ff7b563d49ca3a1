"""Chooses the reader of a message."""

from __future__ import annotations

from services.lab.gateway.messages.delimited import read_csv
from services.lab.gateway.messages.fhir import read_fhir
from services.lab.gateway.messages.hl7v2 import read_hl7
from services.lab.gateway.messages.reports import Format, Report

READERS = {Format.HL7: read_hl7, Format.FHIR: read_fhir, Format.CSV: read_csv}
HL7_STARTS = (b"MSH", b"FHS", b"BHS")
BEFORE_CONTENT = b"\xef\xbb\xbf\xff\xfe\x0b \t\r\n\x00"


def detect_format(content: bytes) -> Format | None:
    """Return the format by the first characters; None if it is neither HL7 nor JSON: CSV has no mark."""
    start = content[:100].replace(b"\x00", b"").lstrip(BEFORE_CONTENT)
    if start.startswith(HL7_STARTS):
        return Format.HL7
    return Format.FHIR if start.startswith((b"{", b"[")) else None


def read(content: bytes, format: Format) -> list[Report]:
    """Read a message; never raises. Returns at least one report."""
    return READERS[format](content)
