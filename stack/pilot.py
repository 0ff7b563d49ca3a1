"""A file of invented patients: its format, described in docs/pilot.md, and how it is read."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

KEYS = {"about", "expected", "defaults", "patients"}
# the forms that are filled in on the way, by the patient or by staff
STEPS = (
    "pre_screening",
    "evaluation_request",
    "medical_form",
    "medical_visit",
    "doctor_report",
    "close_contacts",
    "contact_call",
    "review",
)
PATIENT_KEYS = {"patient", "lab_result", "lab_takes_s", "lab_correction", "outcome", *STEPS}


class PilotError(Exception):
    """The pilot's file is wrong, or a patient didn't get through; says which and where."""


@dataclass(frozen=True)
class Pilot:
    """A pilot file.

    Attributes:
        expected: totals by the names of the report.
        patients: each with the answers to each form, the lab's result, and how the case must end.
    """

    expected: dict[str, Any]
    patients: list[dict[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Pilot:
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
                what = f"unknown: {', '.join(sorted(unknown))}" if unknown else "has no outcome"
                raise PilotError(f"{path}: patient {number}: {what}")
        return cls(content.get("expected", {}), patients)


def _with_defaults(defaults: dict[str, Any], patient: dict[str, Any]) -> dict[str, Any]:
    """A patient's own answers over the defaults of each step; a step that the patient doesn't name isn't walked."""
    return {
        key: [{**defaults.get(key, {}), **(answers or {})} for answers in _listed(value)] if key in STEPS else value
        for key, value in patient.items()
    }


def _listed(value: Any) -> list[Any]:
    """Answers by occasion: a step that comes again has a list."""
    return value if isinstance(value, list) else [value]
