"""Validation errors, with messages in the style of the GOV.UK Design System."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from camunda7.forms.template import Translate


def _(message: str) -> str:
    """Mark a text for translation."""
    return message


MESSAGES = {
    "required": _("Enter an answer: {label}"),
    "required_choice": _("Select an answer: {label}"),
    "required_box": _("Confirm: {label}"),
    "any_or_none": _("Select all that apply, or “None of these”"),
    "any_and_none": _("Select either what applies or “None of these”, not both"),
    "number": _("{label} must be a number, like 12 or 12.5"),
    "integer": _("{label} must be a whole number"),
    "decimals": _("{label} must have at most {limit} digits after the point"),
    "increment": _("{label} must be a multiple of {limit}"),
    "min": _("{label} must be {limit} or more"),
    "max": _("{label} must be {limit} or less"),
    "minLength": _("{label} must be {limit} characters or more"),
    "maxLength": _("{label} must be {limit} characters or fewer"),
    "pattern": _("{label} is not in the right format"),
    "email": _("Enter an email address in the correct format, like name@example.com"),
    "phone": _("Enter a phone number with the country code, like +44 20 7946 0958"),
    "character": _("{label}: contains a character that can't be kept"),
    "option": _("Select one of the answers: {label}"),
    "date": _("{label}: enter a real date, like 27 3 1990"),
    "no_day": _("{label} must include a day"),
    "no_month": _("{label} must include a month"),
    "no_year": _("{label} must include a year"),
    "short_year": _("{label}: the year must have 4 numbers"),
    "past": _("{label} must be today or later"),
    "not_after_today": _("{label} must be today or in the past"),
    "not_after": _("{label} must be {limit} or earlier"),
    "not_before": _("{label} must be {limit} or later"),
    "time": _("{label}: enter a time, like 14:30"),
    "moment": _("{label}: enter a day and a time, like 14:30"),
}
# key of Problem.details: source of a pattern that couldn't be matched in time
TOO_SLOW = "too_slow"


@dataclass(frozen=True)
class Problem:
    """A validation error.

    Attributes:
        rule: name of the violated rule in the schema; for an unreadable text the expected type.
        message: key of MESSAGES.
        details: values of the message's placeholders, besides {label}.
    """

    rule: str
    message: str
    details: dict[str, Any] = field(default_factory=dict)

    def text(self, label: str, translate: Translate = str) -> str:
        """Return the message for people, in their language."""
        return translate(MESSAGES[self.message]).format(label=label, **self.details)


class Invalid(Exception):
    """A posted text isn't a value of the component's type.

    Args:
        message: key of MESSAGES, if it isn't the rule's name.
    """

    def __init__(self, rule: str, message: str = ""):
        super().__init__(rule)
        self.problem = Problem(rule, message or rule)
