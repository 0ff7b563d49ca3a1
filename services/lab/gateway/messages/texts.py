"""Decodes bytes, and parses dates of birth."""

from __future__ import annotations

import codecs
import contextlib
import re
from datetime import date, datetime

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
NOT_UTF8 = "isn't UTF-8; read as ISO 8859-1"
# year-month-day, HL7 (time of day and zone follow), month/day/year (USA), day.month.year, 21-JUL-1990;
# last day/month/year, which is reached only where the day is no month
DATES = (
    re.compile(r"(?P<year>\d{4})[-/](?P<month>\d{2})[-/](?P<day>\d{2})(?:[T ].*)?"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:\d{2,6}(?:\.\d+)?(?:[+-]\d{4})?)?"),
    re.compile(r"(?P<month>\d{1,2})[/-](?P<day>\d{1,2})[/-](?P<year>\d{4})(?: 0?0:00(?::00)?)?"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})[ -](?P<name>[A-Za-z]{3})[ -](?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})[/-](?P<month>\d{1,2})[/-](?P<year>\d{4})(?: 0?0:00(?::00)?)?"),
)
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FIRST_YEAR = 1890


def decode(content: bytes, declared: str = "") -> tuple[str, list[str]]:
    """Decode UTF-8, UTF-16 with a byte order mark, or else ISO 8859-1; returns the text and remarks.

    Args:
        declared: encoding that the message names, in place of ISO 8859-1; empty if it names none.
    """
    for bom, encoding in BOMS.items():
        if content.startswith(bom):
            return content[len(bom) :].decode(encoding, "replace"), []
    # a text of ISO 2022 is valid UTF-8, too
    encodings = [declared, "utf-8"] if declared.startswith("iso2022") else ["utf-8", declared]
    for encoding in filter(None, encodings):
        with contextlib.suppress(UnicodeDecodeError):
            return content.decode(encoding), []
    return content.decode("latin-1"), [NOT_UTF8]


def parse_birth_date(text: str) -> date | None:
    """Return the day of birth; None if the text isn't one whole, possible date.

    01/02/1990 is read as month/day/year, 21/02/1990 and 01.02.1990 as day, month and year.
    """
    found = filter(None, (pattern.fullmatch(text.strip()) for pattern in DATES))
    day = next(filter(None, map(_to_date, found)), None) if text.isascii() else None
    return day if day and FIRST_YEAR <= day.year <= datetime.now().year else None


def _to_date(found: re.Match[str]) -> date | None:
    """Return a date; None if it isn't possible."""
    parts = found.groupdict()
    try:
        month = MONTHS.index(parts["name"].lower()) + 1 if "name" in parts else int(parts["month"])
        return date(int(parts["year"]), month, int(parts["day"]))
    except ValueError:
        return None
