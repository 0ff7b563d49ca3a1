"""Test results for their patients: the news, what it asks of them and until when, and results of earlier samples."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from flask_babel import gettext, lazy_gettext

from papers.documents import SAMPLE
from webapp.formatting import day, duration

RESULT_HEADLINES = {
    "positive": lazy_gettext("Your test result is positive"),
    "negative": lazy_gettext("Your test result is negative"),
    "inconclusive": lazy_gettext("Your test result isn't clear yet"),
    "unsatisfactory": lazy_gettext("Your test result isn't clear yet"),
    "indeterminate": lazy_gettext("Your test result isn't clear"),
    "entered_in_error": lazy_gettext("Your test result has been withdrawn"),
}
# in lists
RESULTS = {
    "positive": lazy_gettext("Positive"),
    "negative": lazy_gettext("Negative"),
    "inconclusive": lazy_gettext("Not clear"),
    "unsatisfactory": lazy_gettext("Not clear"),
    "indeterminate": lazy_gettext("Not clear"),
    "entered_in_error": lazy_gettext("Withdrawn"),
}


def describe_guidance(values: dict[str, Any], today: date, report_pending: bool) -> list[str]:
    """Return what a patient with a result does now, and until when; the doctor's report takes precedence.

    Args:
        values: process variables of the case.
        report_pending: the doctor's report on the result isn't published yet.
    """
    reported = bool(values.get("report_published_at"))
    guidance = []
    if reported and values.get("further_action") == "refer_to_hospital":
        guidance.append(gettext("The doctor is referring you to a hospital."))
    if reported and values.get("isolation_until"):
        return [*guidance, _describe_isolation(values, today)]
    return [*guidance, *_describe_consequence(values, today, report_pending)]


def _describe_isolation(values: dict[str, Any], today: date) -> str:
    """Return what follows from the doctor's report."""
    until = values["isolation_until"]
    if until < today.isoformat():
        return gettext("Your isolation ended on %(day)s.", day=day(until))
    if values.get("exposed") and values.get("lab_result") == "negative":
        return gettext(
            "Stay at home and away from other people until %(day)s, because you were close to someone with COVID-19. "
            "A negative test doesn't change that.",
            day=day(until),
        )
    return gettext("Stay at home and away from other people until %(day)s.", day=day(until))


def _describe_consequence(values: dict[str, Any], today: date, report_pending: bool) -> Iterator[str]:
    """Yield what follows from a result alone."""
    policy = values["policy"]
    match values.get("lab_result"):
        case "positive":
            yield _describe_rule(values, today)
        case "negative" if values.get("exposed"):
            yield gettext(
                "You were close to someone with COVID-19, so a negative test doesn't shorten your quarantine of "
                "%(time)s.",
                time=duration(policy["quarantine_days"], "day"),
            )
        case "entered_in_error":
            yield gettext("The lab has withdrawn it because of a mistake.")
            if report_pending:
                yield gettext("A doctor will decide what to do next.")
        case "indeterminate" if report_pending:
            yield gettext("A doctor will assess your symptoms. Stay away from other people until then.")
        case _:
            yield gettext("Stay away from other people while you have symptoms.")


def _describe_rule(values: dict[str, Any], today: date) -> str:
    """Return how long a patient with a positive result stays at home: until a day if the onset is known."""
    length = timedelta(days=values["policy"]["isolation_days"])
    end = date.fromisoformat(values["onset_date"]) + length if values.get("onset_date") else None
    if end and end >= today:
        return gettext(
            "Stay at home and away from other people until at least %(day)s, and until you've had no symptoms for 3 "
            "days.",
            day=day(end),
        )
    return gettext(
        "Stay at home and away from other people for %(time)s from your first symptoms, and until you've had no "
        "symptoms for 3 days.",
        time=duration(length.days, "day"),
    )


def list_earlier_results(values: dict[str, Any]) -> list[tuple[datetime, str]]:
    """Return when earlier samples were taken, and their results; without the sample of the current result.

    Args:
        values: process variables of the case.
    """
    found = list(SAMPLE.finditer(values.get("results_so_far") or ""))
    current = values.get("lab_result_barcode") or (found[-1]["barcode"] if found else None)
    return [
        (datetime.fromisoformat(sample["taken_at"]), RESULTS[sample["result"]])
        for sample in found
        if sample["barcode"] != current and sample["result"] in RESULTS
    ]
