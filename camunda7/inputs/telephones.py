"""Telephone numbers, as ITU-T E.164 writes them: +442079460958."""

from __future__ import annotations

import re

import phonenumbers

from camunda7.inputs.cleaning import clean_code

_TYPED = re.compile(r"[+0-9 ()/.-]*[0-9][+0-9 ()/.-]*", re.ASCII)
_INTERNATIONAL_PREFIX = re.compile(r"^00")


def parse_telephone(text: str, region: str | None = None) -> str | None:
    """Parse a typed telephone number; returns it in E.164, or None if it is invalid.

    Checks only whether its length is possible in its country: which numbers are assigned changes too often.

    Args:
        region: country of numbers without a country code (ISO 3166-1, like DE); without it they are refused.
    """
    typed = clean_code(text)
    if not _TYPED.fullmatch(typed):
        return None
    try:
        number = phonenumbers.parse(_INTERNATIONAL_PREFIX.sub("+", typed), region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
