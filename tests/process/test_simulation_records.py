"""What `make learn` and `make event-log` read from the running platform, with the process managers' account."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.settings import environment_name
from processes.elements import UserTask
from records import database
from simulation import learning, records
from simulation.parameters import LEARNT, load_parameters
from tests.support.case import CONTACT, CaseUnderTest
from tests.support.event_logs import check_ocel, check_xes


@pytest.fixture(scope="module")
def closed(state: dict[str, Any]) -> list[CaseUnderTest]:
    """Two closed cases of the same course."""
    cases = [CaseUnderTest(state) for _ in range(2)]
    for case in cases:
        case.reach_report("positive")
        case.submit_form("close_contacts", {"had_contacts": "yes", "close_contacts": [CONTACT]})
        case.submit_report(case_classification="confirmed")
    for case in cases:
        case.submit_form("review", {"rating": "4", "review_comment": None})
        case.wait_for_end()
    return cases


@pytest.fixture
def folder() -> Path:
    return Path(os.environ[environment_name("folder")]) / "simulation"


@pytest.fixture(autouse=True)
def closed_database() -> Iterator[None]:
    """The command opens the records' database itself."""
    yield
    database.database.close()


def test_work_is_learnt_from_claims(closed: list[CaseUnderTest], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(learning, "MIN_RECORDS", len(closed))
    assert records.main(["learn"]) == 0
    learnt = load_parameters(folder / LEARNT)
    for name in (
        f"minutes.{UserTask.VISIT_PATIENT}",
        f"minutes.{UserTask.WRITE_DOCTORS_REPORT}",
        "shares.lab_result",
        "arrivals_per_day",
    ):
        assert learnt.origin(name).startswith("learnt from ")
    # a claim and the completion right after it
    assert learnt.minutes[UserTask.WRITE_DOCTORS_REPORT].median < 1
    assert learnt.shares["lab_result"]["positive"] >= len(closed)


@pytest.mark.parametrize("form", ["xes", "ocel"])
def test_an_event_log_is_valid_and_names_no_one(closed: list[CaseUnderTest], folder: Path, form: str) -> None:
    assert records.main([form, "--min-cases", "2"]) == 0
    text = (folder / {"xes": "events.xes", "ocel": "events.ocel.json"}[form]).read_text(encoding="utf-8")
    if form == "xes":
        assert check_xes(text) >= 2
    else:
        content = check_ocel(text)
        kinds = {each["type"] for each in content["objects"]}
        assert kinds == {"case", "sample", "contact"}
        roles = {each["value"] for event in content["events"] for each in event["attributes"]}
        assert {"patient", "medical-team", "doctors"} <= roles
    for secret in (*(case.reference for case in closed), "Lovelace", "Babbage", "@", closed[0].instance_id):
        assert secret not in text
