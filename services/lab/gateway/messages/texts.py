"""Decodes bytes, and parses dates of birth."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime

BOMS = {codecs.BOM_UTF8: "utf-8", codecs.BOM_UTF16_LE: "utf-16-le", codecs.BOM_UTF16_BE: "utf-16-be"}
NOT_UTF8 = "isn't UTF-8; read as ISO 8859-1"
# year-month-day, HL7 (time of day and zone follow), month/day/year (USA), day.month.year
DATES = (
    re.compile(r"(?P<year>\d{4})-(?P<month>\d{2})-(?P<day>\d{2})(?:[T ].*)?"),
    re.compile(r"(?P<year>\d{4})(?P<month>\d{2})(?P<day>\d{2})(?:\d{2,6}(?:\.\d+)?(?:[+-]\d{4})?)?"),
    re.compile(r"(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})"),
    re.compile(r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})"),
)
FIRST_YEAR = 1890


def decode(content: bytes) -> tuple[str, list[str]]:
    """Decode UTF-8, UTF-16 with a byte order mark, or else ISO 8859-1; returns the text and remarks."""
    for bom, encoding in BOMS.items():
        if content.startswith(bom):
            return content[len(bom) :].decode(encoding, "replace"), []
    try:
        return content.decode(), []
    except UnicodeDecodeError:
        return content.decode("latin-1"), [NOT_UTF8]


def parse_birth_date(text: str) -> date | None:
    """Return the day of birth; None if the text isn't one whole, possible date.

    01/02/1990 is read as month/day/year, 01.02.1990 as day.month.year.
    """
    found = next(filter(None, (pattern.fullmatch(text.strip()) for pattern in DATES)), None)
    if found is None or not found.group().isascii():
        return None
    try:
        day = date(*(int(found[part]) for part in ("year", "month", "day")))
    except ValueError:
        return None
    return day if FIRST_YEAR <= day.year <= datetime.now().year else None
