"""Reader of pilot files: invented patients, in the format of docs/reference/pilot-file.md."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

KEYS = {"about", "expected", "defaults", "patients"}
# forms of the pathway, of patients and staff
STEPS = (
    "pre_screening",
    "evaluation_request",
    "medical_form",
    "medical_visit",
    "doctor_report",
    "close_contacts",
    "contact_call",
    "daily_report",
    "review",
)
PATIENT_KEYS = {"patient", "lab_result", "lab_takes_s", "lab_correction", "outcome", *STEPS}
# suffixes of answers that are days, which may be relative to today; a date of birth may not
DAYS = ("_date", "_since", "_until")
DATE_OF_BIRTH = "date_of_birth"
ABSOLUTE_DAY = re.compile(r"\d{4}-\d{1,2}-\d{1,2}")
RELATIVE_DAY = re.compile(r"today([+-]\d{1,4})?")


class PilotError(Exception):
    """The pilot file is invalid, or the replay of a patient failed; the message names the patient."""


@dataclass(frozen=True)
class Pilot:
    """A pilot file.

    Attributes:
        expected: KPIs by their names in the report.
        patients: each with its answers by form, the lab's result, and the expected outcome.
    """

    expected: dict[str, Any]
    patients: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path, today: date) -> Pilot:
        """Read a pilot file.

        Args:
            today: base of relative days.

        Raises:
            PilotError: the file can't be read, or is invalid.
        """
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, yaml.YAMLError) as error:
            raise PilotError(f"{path}: can't be read: {error}") from None
        if not isinstance(content, dict) or set(content) - KEYS or "patients" not in content:
            raise PilotError(f"{path}: must have patients, and may have about, expected and defaults")
        patients = [_with_defaults(content.get("defaults", {}), patient) for patient in content["patients"]]
        for number, patient in enumerate(patients, 1):
            unknown = set(patient) - PATIENT_KEYS
            if unknown or "outcome" not in patient:
                problem = f"unknown: {', '.join(sorted(unknown))}" if unknown else "has no outcome"
                raise PilotError(f"{path}: patient {number}: {problem}")
            try:
                patients[number - 1] = _with_days(patient, today)
            except ValueError as error:
                raise PilotError(f"{path}: patient {number}: {error}") from None
        return cls(content.get("expected", {}), patients)


def today_in(time_zone: str) -> date:
    """Return the earliest of today's dates in this zone (pages and KPIs), UTC (parts) and the machine's zone.

    So the returned day is in the future for none of them.
    """
    now = datetime.now(UTC)
    return min(now.date(), now.astimezone(ZoneInfo(time_zone)).date(), now.astimezone().date())


def _with_defaults(defaults: dict[str, Any], patient: dict[str, Any]) -> dict[str, Any]:
    """Merge a patient's answers over the defaults of each form that the patient has."""
    return {
        key: [{**defaults.get(key, {}), **(answers or {})} for answers in _as_list(value)] if key in STEPS else value
        for key, value in patient.items()
    }


def _as_list(value: Any) -> list[Any]:
    """Return the answers by occurrence: a repeated step has a list of them."""
    return value if isinstance(value, list) else [value]


def _with_days(answers: dict[str, Any], today: date) -> dict[str, Any]:
    """Return the answers with relative days replaced by absolute ones, also in nested lists.

    Raises:
        ValueError: an answer isn't a day, but must be; the message names it.
    """
    return {key: _with_day(key, value, today) for key, value in answers.items()}


def _with_day(key: str, value: Any, today: date) -> Any:
    if isinstance(value, list):
        return [_with_days(each, today) if isinstance(each, dict) else each for each in value]
    is_day = key.endswith(DAYS) or key == DATE_OF_BIRTH
    if not is_day or not isinstance(value, str) or ABSOLUTE_DAY.fullmatch(value):
        return value
    relative = RELATIVE_DAY.fullmatch(value)
    if key == DATE_OF_BIRTH:
        raise ValueError(f"{key}: {value!r}: a date of birth is written YYYY-MM-DD")
    if relative is None:
        raise ValueError(f"{key}: {value!r} is not a day: write YYYY-MM-DD, today, today-5 or today+13")
    return str(today + timedelta(days=int(relative[1] or 0)))
