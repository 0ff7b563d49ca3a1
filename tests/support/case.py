"""A case as a test tells it: the patient sends, the team takes a sample, the lab finds, the doctor reports."""

from __future__ import annotations

import itertools
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests

from config import settings as config
from processes import cases
from processes.engine import Engine
from records.kpis import CaseRow

T = TypeVar("T")
WITHIN_S = 40

NO_SYMPTOMS: dict[str, Any] = {
    "for_whom": "myself",
    "date_of_birth": "1990-05-10",
    "weight_kg": 70,
    "height_cm": 175,
    "recent_exposure": "no",
    "temperature": "no_fever",
    "cough": False,
    "sore_throat_or_aches": False,
    "loss_of_taste_or_smell": False,
    "diarrhea": False,
    "fatigue": False,
    "bedridden_half_day": False,
    "unable_to_eat_or_drink": False,
    "breathless": False,
    "heart_disease": "no",
    "weakened_immunity": "no",
    "diabetes": False,
    "cancer": False,
    "lung_disease": False,
    "kidney_dialysis": False,
    "cirrhosis": False,
    "third_trimester": False,
    "sickle_cell": False,
}
WITH_COUGH = {**NO_SYMPTOMS, "cough": True}
REQUEST = {
    "wants_evaluation": "yes",
    "given_name": "Ada",
    "family_name": "Lovelace",
    "channel": "email",
    "email": "ada@patients.example",
    "address": "12 St James's Square",
    "language": "en",
    "reporting_notice_read": True,
    "consent_to_care": True,
}
MEDICAL = {
    "onset_date": "2020-03-20",
    "pregnancy": "no",
    "vaccination_doses": 0,
    "lives": "alone",
    "works_in": "other",
}
VISIT = {"specimen_type": "saliva", "body_temperature_c": 37.9, "oxygen_saturation": 97, "respiratory_rate": 15}
REPORT = {
    "case_classification": "not_a_case",
    "assessment": "Nothing found.",
    "report_advice": "Rest.",
    "further_action": "none",
}
CONTACT = {
    "name": "Charles Babbage",
    "email": "charles@contacts.example",
    "phone": None,
    "relation": "friend",
    "last_exposure_date": "2020-03-19",
    "exposure": "close",
    "health_worker": False,
}

_numbers = itertools.count(1)
_run = uuid.uuid4().hex[:6].upper()


class CaseUnderTest:
    """One case on the real engine, with the real workers and servers.

    Args:
        state: where everything is, as .run/state.json says.
    """

    def __init__(self, state: Mapping[str, Any]):
        self._state = state
        self.admin = self._as("admin")
        self.reference = cases.new_reference()
        self.barcode = f"T{next(_numbers):04}-{_run}"

    # given, when

    def starts(self, answers: dict[str, Any], exposed_to: str | None = None) -> CaseUnderTest:
        policy = config.load().policy.model_dump()
        cases.start_case(self.admin, self.reference, answers, policy, exposed_to)
        return self

    def requests_evaluation(self, **changed: Any) -> None:
        self.sends("evaluation_request", {**REQUEST, **changed})

    def fills_in_medical_form(self, **changed: Any) -> None:
        self.sends("medical_form", {**MEDICAL, **changed})

    def is_visited(self, finding: str | None = None, **changed: Any) -> None:
        """The medical team takes the sample, in which the lab will find this."""
        if finding:
            self.lab_will_find(finding)
        self.staff_completes("medical_team", "medical_visit", {**VISIT, "sample_barcode": self.barcode, **changed})

    def is_reported(self, **changed: Any) -> None:
        self.staff_completes("doctor", "doctor_report", {**REPORT, **changed})

    def sends(self, form: str, values: dict[str, Any]) -> None:
        self.admin.submit(self.waits_for(form).id, values)

    def staff_completes(self, account: str, form: str, values: dict[str, Any]) -> None:
        task = self.waits_for(form)
        engine = self._as(account)
        engine.post(f"/task/{task.id}/claim", {"userId": self._state["accounts"][account]["username"]})
        engine.submit(task.id, values)

    def timer_falls_due(self, event: str) -> None:
        """Have the engine fire a timer now, through its job."""
        jobs = eventually(lambda: self.admin.get("/job", processInstanceId=self.instance_id, activityId=event))
        self.admin.post(f"/job/{jobs[0]['id']}/execute")

    # then

    def waits_for(self, form: str) -> cases.OpenTask:
        """The open task with this form; waits until it is there."""
        return eventually(
            lambda: next((t for t in cases.open_tasks(self.admin, self.reference) if t.form == form), None),
            f"{form} is not open in {self.reference}: {self.describe()}",
        )

    def ends(self) -> cases.Case:
        """The ended case; waits for the end."""
        return eventually(lambda: self._ended(), f"{self.reference} has not ended: {self.describe()}")

    def value(self, name: str) -> Any:
        return self.case().values.get(name)

    def case(self) -> cases.Case:
        found = cases.find_case(self.admin, self.reference)
        assert found is not None
        return found

    def visited(self) -> set[str]:
        """Ids of the flow nodes that the case has entered, those of its tracing not counted."""
        rows = self.admin.get("/history/activity-instance", processInstanceId=self.instance_id)
        return {row["activityId"] for row in rows}

    def incidents(self) -> list[dict[str, Any]]:
        return self.admin.get("/incident", processInstanceId=self.instance_id)

    def kpi_row(self) -> dict[str, Any] | None:
        row = CaseRow.get_or_none(CaseRow.case_reference == self.reference)
        return row.__data__ if row else None

    @property
    def instance_id(self) -> str:
        return self.case().instance_id

    def describe(self) -> str:
        found = cases.find_case(self.admin, self.reference)
        if found is None:
            return "not started"
        incidents = [f"{row['activityId']}: {row['incidentMessage']}" for row in self.incidents()]
        return f"at {sorted(cases.current_steps(self.admin, found))} {incidents}"

    def _ended(self) -> cases.Case | None:
        found = self.case()
        return found if found.ended_at else None

    def lab_will_find(self, finding: str) -> None:
        """Plan what the simulated lab finds in the sample."""
        url = f"{self._state['lab']}/v1/simulation/results/{self.barcode}"
        headers = {"X-API-Key": self._state["lab_api_key"]}
        requests.put(url, json={"result": finding}, headers=headers, timeout=10).raise_for_status()

    def _as(self, account: str) -> Engine:
        who = self._state["accounts"][account]
        return Engine(self._state["engine"], who["username"], who["password"])


def eventually(found: Callable[[], T | None], complaint: str | None = None, within_s: float = WITHIN_S) -> T:
    """Wait until something is there, and return it."""
    deadline = time.monotonic() + within_s
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(complaint or f"not within {within_s} s")
        time.sleep(0.1)
