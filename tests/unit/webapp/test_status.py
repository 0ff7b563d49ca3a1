import re
from datetime import UTC, datetime, timedelta

import pytest
import readability
from babel.support import Translations

from kpi.rows import KpiRows
from processes.cases import Case
from tests.support.catalogues import TRANSLATIONS
from webapp import status
from webapp.status import Wait, choose_advice, describe_status, format_seconds

pytestmark = pytest.mark.usefixtures("records")
START = datetime(2020, 3, 20, 12, tzinfo=UTC)


def case(**values: object) -> Case:
    return Case("C-1", "1", {"orientation": "evaluation_needed", **values}, None)


def record_waits(hours: list[float], start: datetime = START) -> None:
    """Record closed cases whose results took these hours."""
    for number, duration_h in enumerate(hours):
        taken = start + timedelta(minutes=number)
        KpiRows().record(
            f"C-{start}-{number}", sample_taken_at=taken, result_told_at=taken + timedelta(hours=duration_h)
        )


def test_the_status_describes_the_current_and_the_next_step() -> None:
    found = describe_status(case(), {"Task_WaitForTestResult", "Task_TestSample"})
    assert (found.headline, found.next) == ("The lab is testing your sample", status.RESULT_NEXT)


def test_the_wait_is_the_range_of_8_in_10_cases() -> None:
    record_waits([float(hours) for hours in (2, 10, 3, 9, 4, 8, 5, 7, 6, 6, 6)])
    assert describe_status(case(), {"Task_WaitForTestResult"}).wait == Wait("3 hours", "9 hours")
    # a step without recorded waits has no forecast
    assert describe_status(case(), {"Task_VisitPatient"}).wait is None


def test_a_wait_of_too_few_cases_is_not_shown() -> None:
    record_waits([1.0] * 4)
    assert describe_status(case(), {"Task_WaitForTestResult"}).wait is None


def test_equal_waits_are_a_range_of_one_duration(records: None) -> None:
    record_waits([1.0] * 5)
    assert describe_status(case(), {"Task_WaitForTestResult"}).wait == Wait("60 minutes", "60 minutes")


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(60, "1 minute"), (90 * 60, "90 minutes"), (91 * 60, "2 hours"), (48 * 3600, "48 hours"), (3 * 86400, "3 days")],
)
def test_durations_in_words(seconds: float, words: str) -> None:
    assert format_seconds(seconds) == words


def test_a_wait_that_may_be_zero_has_no_lower_bound(records: None) -> None:
    record_waits([0.0, 0.0, 0.0, 0.0, 1.0, 1.0])
    assert describe_status(case(), {"Task_WaitForTestResult"}).wait == Wait("", "60 minutes")


def test_a_wait_of_minutes_is_not_forecast(records: None) -> None:
    record_waits([0.05] * 5)
    assert describe_status(case(), {"Task_WaitForTestResult"}).wait is None


@pytest.mark.parametrize(
    ("initial_orientation", "now", "is_result_sent", "advice"),
    [
        ("evaluation_needed", None, False, status.ADVICE["evaluation_needed"]),
        ("evaluation_needed", "self_monitor", False, status.ADVICE["evaluation_needed"]),
        ("evaluation_needed", "evaluation_urgent", False, status.ADVICE["evaluation_urgent"]),
        ("evaluation_needed", None, True, None),
        # a positive result and "no sign of COVID-19" would contradict each other
        ("evaluation_needed", "self_monitor", True, None),
        ("self_monitor", "evaluation_urgent", True, status.SEE_A_DOCTOR),
        (None, None, False, None),
    ],
)
def test_the_advice_is_of_the_most_severe_orientation_and_after_a_result_only_if_urgent(
    initial_orientation: str | None, now: str | None, is_result_sent: bool, advice: status.Advice | None
) -> None:
    found = case(orientation=initial_orientation, orientation_now=now, result_told_at=START if is_result_sent else None)
    assert choose_advice(found, set()) == advice


@pytest.mark.parametrize(
    ("orientation", "advice"),
    [
        ("evaluation_needed", status.WHILE_YOU_WAIT),
        ("evaluation_advised", status.WHILE_YOU_WAIT),
        ("evaluation_urgent", status.ADVICE["evaluation_urgent"]),
    ],
)
def test_a_patient_who_requested_a_test_is_not_advised_to_get_one(orientation: str, advice: status.Advice) -> None:
    found = case(orientation=orientation, wants_evaluation="yes")
    assert choose_advice(found, {"Task_WaitForTestResult"}) == advice


def measures(texts: list[str]) -> dict[str, float]:
    sentences = [sentence for text in texts for sentence in re.split(r"(?<=[.!?]) ", text)]
    return readability.getmeasures("\n".join(sentences), lang="en")["readability grades"]


def texts_of_status(language: str) -> list[str]:
    translated = Translations.load(TRANSLATIONS, [language]).gettext
    steps = [*status.STEPS.values(), status.NO_CONTACTS, status.BETWEEN_STEPS]
    steps += [step.by_phone for step in steps if step.by_phone]
    found = [text for step in steps for text in (step.headline, step.text, step.next) if text]
    outcomes = [*status.OUTCOMES.values(), status.STILL_TESTED, status.STILL_TRACED, status.REFERRED_AT_VISIT]
    found += [text for outcome in outcomes for text in outcome if text]
    found += [status.SIGNS, status.DOCTOR_CALLS, status.NO_NUMBER, status.TEAM_CALLED]
    for title, paragraphs in (*status.ADVICE.values(), status.SEE_A_DOCTOR, status.LOOK_AFTER_YOURSELF):
        found += [title, *paragraphs]
    return [translated(str(text)) for text in found]


def test_status_texts_are_readable_at_the_age_of_twelve() -> None:
    """Grade 6 of an American school is at 11 to 12 (Kincaid 1975)."""
    grade = measures(texts_of_status("en"))["Kincaid"]
    print(f"grade {grade:.1f}")
    assert grade <= 6
    assert measures(["The epidemiological classification necessitates confirmation."])["Kincaid"] > 12


@pytest.mark.parametrize("language", ["en", "fr"])
def test_status_texts_are_easy_to_read_in_translation(language: str) -> None:
    """LIX, which needs no syllables: below 40 is easy (Björnsson 1968). It isn't calibrated for Arabic."""
    lix = measures(texts_of_status(language))["LIX"]
    print(f"LIX {lix:.0f}")
    assert lix < 40
    assert measures(["La classification épidémiologique nécessite confirmation."])["LIX"] > 50


@pytest.mark.parametrize(
    ("values", "steps", "started_s_ago", "must_call", "assessing"),
    [
        ({"orientation": None}, set(), 1, False, True),
        ({"orientation": None}, {"Task_AssessByHand"}, 1, True, False),
        # after two minutes of assessment, or at an incident, the page stops reloading and asks the patient to call
        ({"orientation": None}, set(), 130, True, False),
        ({}, {"Task_SetPriorityByHand"}, 70, True, False),
        ({"orientation_now": None}, {"Task_CallPatient"}, 70, True, False),
        ({"orientation_now": "emergency"}, {"Task_CallPatient"}, 70, False, False),
        ({}, {"Task_TakeSample"}, 70, False, False),
    ],
)
def test_a_patient_whose_answers_could_not_be_assessed_is_asked_to_call(
    values: dict, steps: set[str], started_s_ago: int, must_call: bool, assessing: bool
) -> None:
    known = {"orientation": "evaluation_needed", **values}
    if known["orientation"] is None:
        del known["orientation"]
    started_at = datetime.now(UTC) - timedelta(seconds=started_s_ago)
    found = describe_status(Case("C-1", "1", known, None, started_at=started_at), steps)
    assert (found.must_call, found.assessing) == (must_call, assessing)
    assert (found.headline == "We couldn't assess your answers") == must_call
