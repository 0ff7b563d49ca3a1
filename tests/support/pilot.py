"""Expected figures of the pilot's patients, from the file that describes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Patient = dict[str, Any]


def final_result(patient: Patient) -> str:
    """The result that the KPIs count: the corrected one, or that of the last sample."""
    results = patient["lab_result"]
    return patient.get("lab_correction") or (results[-1] if isinstance(results, list) else results)


def ratings(patients: Iterable[Patient]) -> list[int]:
    return [int(each["review"][0]["rating"]) for each in patients if "rating" in each["review"][0]]


def totals(patients: list[Patient]) -> dict[str, float]:
    """The KPIs that follow from the file, over these patients, by their keys."""
    results, rated = [final_result(each) for each in patients], ratings(patients)
    positive, negative = results.count("positive"), results.count("negative")
    return {
        "closed": len(patients),
        "positive": positive,
        "negative": negative,
        "other": len(results) - positive - negative,
        "ratings": len(rated),
    }
