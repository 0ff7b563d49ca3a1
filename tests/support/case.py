"""A case on the real engine, with the steps that patient, medical team, lab and doctor take in it."""

from __future__ import annotations

import itertools
import json
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import requests

from camunda7.engine import EngineRefused
from config import settings as config
from kpi.rows import CaseRow
from processes import cases
from processes.elements import Process
from processes.engine import Engine
from processes.variables import VARIABLES
from tests.support.accounts import account_of, credentials_of
from tests.support.days import days_ago

T = TypeVar("T")
# longer than any step takes on a busy machine: only a failing test waits until it expires
TIMEOUT_S = 180
# between polls
FIRST_PAUSE_S, PAUSE_FACTOR, MAX_PAUSE_S = 0.1, 1.3, 0.5

# answers of daily_report
GREEN_DAY: dict[str, Any] = {
    "breathless": False,
    "unable_to_eat_or_drink": False,
    "feeling": "better",
    "day_temperature_c": 36.9,
    "fever_medicine": "no",
    "spo2": 97,
    "pulse": 70,
    "day_note": None,
}
# answers of the form of a call to a watched patient
STAYS_AT_HOME = {"call_reached": "yes", "care_place": "home", "call_note": "Drinks enough."}
SYMPTOMS = {
    "temperature",
    "cough",
    "sore_throat_or_aches",
    "loss_of_taste_or_smell",
    "diarrhea",
    "fatigue",
    "bedridden_half_day",
    "unable_to_eat_or_drink",
    "breathless",
}
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
# title of the case page, whose heading is its news
CASE_TITLE = "Your case – CoronaCare"
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
    "onset_date": days_ago(8),
    "pregnancy": "no",
    "vaccination_doses": 0,
    "lives": "alone",
    "works_in": "other",
}
VISIT = {
    "visit_outcome": "sampled",
    "specimen_type": "saliva",
    "body_temperature_c": 37.9,
    "oxygen_saturation": 97,
    "respiratory_rate": 15,
}
REPORT = {
    "case_classification": "not_a_case",
    "assessment": "Nothing found.",
    "report_advice": "Rest.",
    "further_action": "none",
    "repeat_test": False,
}
CONTACT = {
    "name": "Charles Babbage",
    "email": "charles@contacts.example",
    "phone": None,
    "relation": "friend",
    "last_exposure_date": days_ago(9),
    "exposure": "close",
    "health_worker": False,
}

_numbers = itertools.count(1)
_run = uuid.uuid4().hex[:6].upper()


def load_policy(is_watched: bool = False) -> dict[str, Any]:
    """Return the policy for a case. A positive case that is watched at home ends after days."""
    return {**config.load().policy.model_dump(), "watched_at_home": is_watched}


class CaseUnderTest:
    """One case on the real engine, with the real workers and servers.

    Args:
        state: URLs, accounts and keys of the platform, as in .run/state.json.
        is_watched: whether the case is watched at home if it is positive; it ends after the watch.
    """

    def __init__(self, state: Mapping[str, Any], is_watched: bool = False):
        self._state = state
        self.admin = self.engine_as("admin")
        self.policy = load_policy(is_watched)
        self.reference = cases.new_reference()
        self.barcode = f"T{next(_numbers):04}-{_run}"

    def barcode_of(self, sample: int) -> str:
        """The barcode of the case's first, second, … sample."""
        return self.barcode if sample == 1 else f"{self.barcode}-{sample}"

    def new_phone_number(self) -> str:
        """A telephone number that no other test uses."""
        return f"+44 20 {uuid.uuid4().int % 10**8:08}"

    # given, when

    def start(self, answers: dict[str, Any], exposed_to: str | None = None, **more: Any) -> CaseUnderTest:
        cases.start_case(self.admin, self.reference, answers, self.policy, exposed_to, **more)
        return self

    def request_evaluation(self, **changed: Any) -> None:
        self.submit_form("evaluation_request", {**REQUEST, **changed})

    def fill_in_medical_form(self, **changed: Any) -> None:
        self.submit_form("medical_form", {**MEDICAL, **changed})

    def reach_visit(self, answers: dict[str, Any] = WITH_COUGH, **request: Any) -> None:
        """Submit pre-screening, evaluation request and medical form, and wait for the visit's task."""
        self.reach_kit_reservation(answers, **request)
        self.wait_for_task("medical_visit")

    def reach_kit_reservation(self, answers: dict[str, Any] = WITH_COUGH, **request: Any) -> None:
        self.start(answers)
        self.request_evaluation(**request)
        self.fill_in_medical_form()

    def start_care(self, onset: int, **request: Any) -> None:
        """Take the case to the visit, with symptoms that began this number of days ago."""
        self.start(WITH_COUGH)
        self.request_evaluation(**request)
        self.fill_in_medical_form(onset_date=days_ago(onset))
        self.wait_for_task("medical_visit")

    def end_watch(self) -> None:
        """Wait until only the watch at home is left of the case, and have the patient withdraw from it."""
        eventually(lambda: cases.is_completed(self.admin, self.case()), self.describe)
        found = self.case()
        cases.withdraw_case(self.admin, found, cases.current_steps(self.admin, found))

    def correct_onset(self, day: str) -> None:
        """Set the day on which the symptoms began, as an administrator can."""
        self.set_values({"onset_date": day})

    def set_values(self, values: dict[str, Any]) -> None:
        """Set variables of the running case, as an administrator can."""
        modifications = VARIABLES.to_engine(values)
        self.admin.post(f"/process-instance/{self.instance_id}/variables", {"modifications": modifications})

    def reach_report(self, finding: str, **request: Any) -> None:
        """Take the case from its start to the doctor's report: with a visit, a result, and the message about it."""
        self.reach_visit(**request)
        self.record_visit(finding)
        self.wait_for_task("doctor_report")

    def record_visit(
        self, finding: str | None = None, sample: int = 1, after_s: float | None = None, **changed: Any
    ) -> None:
        """Complete the visit's task with a sample.

        Args:
            finding: the lab's result of this sample; None leaves it to the lab.
            after_s: time that the lab takes for it.
        """
        barcode = self.barcode_of(sample)
        if finding:
            self.set_lab_result(finding, sample, after_s)
        self.complete_staff_task("medical_team", "medical_visit", {**VISIT, "sample_barcode": barcode, **changed})

    def record_visit_without_sample(self, outcome: str, **changed: Any) -> None:
        self.complete_staff_task("medical_team", "medical_visit", {"visit_outcome": outcome, **changed})

    def withdraw(self) -> None:
        self.correlate_message("case_withdrawn", {"withdrawn": True})

    def report_worsening(self, **today: Any) -> None:
        symptoms = {name: value for name, value in NO_SYMPTOMS.items() if name in SYMPTOMS}
        self.correlate_message("symptoms_worsened", {**symptoms, **today})

    def correlate_message(self, message: str, values: dict[str, Any]) -> None:
        """Correlate a message with the case; retry while no execution waits for it."""

        def delivered() -> bool:
            try:
                self.admin.correlate(message, self.reference, values)
            except EngineRefused as error:
                if error.status != 400:
                    raise
                return False
            return True

        eventually(delivered, lambda: f"no execution waits for {message} in {self.reference}: {self.describe()}")

    def submit_report(self, **changed: Any) -> None:
        self.complete_staff_task("doctor", "doctor_report", {**REPORT, **changed})

    def submit_form(self, form: str, values: dict[str, Any]) -> None:
        self.admin.submit(self.wait_for_task(form).id, values)

    def complete_staff_task(self, account: str, form: str, values: dict[str, Any]) -> None:
        task = self.wait_for_task(form)
        engine = self.engine_as(account)
        engine.post(f"/task/{task.id}/claim", {"userId": account_of(self._state, account)})
        engine.submit(task.id, values)

    def fire_timer(self, event: str) -> None:
        """Execute a timer's job now, before it is due."""
        jobs = eventually(lambda: self.jobs(event), lambda: f"no timer {event} in {self.reference}: {self.describe()}")
        self.admin.post(f"/job/{jobs[0]['id']}/execute")

    def jobs(self, activity: str) -> list[dict[str, Any]]:
        """The engine's jobs of an element, in the case's process and those that it calls."""
        found = self.case()
        return [
            job
            for instance in (found.instance_id, *found.called)
            for job in self.admin.get("/job", processInstanceId=instance, activityId=activity)
        ]

    # then

    def wait_for_task(self, form: str) -> cases.OpenTask:
        """Wait until a task with this form is open, and return it."""
        return eventually(
            lambda: next((t for t in cases.open_tasks(self.admin, self.reference) if t.form == form), None),
            lambda: f"{form} is not open in {self.reference}: {self.describe()}",
        )

    def wait_for_end(self) -> cases.Case:
        """Wait until the case has ended, and return it."""
        return eventually(self._ended, lambda: f"{self.reference} has not ended: {self.describe()}")

    def value(self, name: str) -> Any:
        return self.case().values.get(name)

    def case(self) -> cases.Case:
        found = cases.find_case(self.admin, self.reference)
        assert found is not None
        return found

    def visited_nodes(self) -> set[str]:
        """Ids of the flow nodes that the case has entered, in its process and those that it called."""
        return {node for instance in self._instances() for node in self.visited_nodes_in(instance)}

    def visited_nodes_in(self, instance: str) -> set[str]:
        """Ids of the flow nodes that one process instance has entered."""
        return {row["activityId"] for row in self.admin.get("/history/activity-instance", processInstanceId=instance)}

    def wait_until_at(self, *steps: str) -> None:
        """Wait until the case's current steps include these elements."""
        eventually(
            lambda: set(steps) <= cases.current_steps(self.admin, self.case()),
            lambda: f"{self.reference} is not at {steps}: {self.describe()}",
        )

    def incidents(self) -> list[dict[str, Any]]:
        return incidents_of(self.admin, self.reference)

    def tasks(self) -> list[cases.OpenTask]:
        """All open tasks of the case."""
        return cases.open_tasks(self.admin, self.reference)

    def task(self, form: str) -> dict[str, Any]:
        """The open task with this form, as the engine describes it."""
        return self.admin.get(f"/task/{self.wait_for_task(form).id}")

    def facts(self, form: str) -> dict[str, str]:
        """The table of facts in the open task with this form."""
        variables = self.admin.get(f"/task/{self.wait_for_task(form).id}/form-variables", deserializeValues="false")
        return {row["fact"]: row["value"] for row in json.loads(variables["facts"]["value"])}

    def card(self, form: str) -> dict[str, str]:
        """What the card of the open task with this form shows, by fact."""
        variables = self.admin.get(f"/task/{self.wait_for_task(form).id}/localVariables")
        return {name.removeprefix("card_"): each["value"] for name, each in variables.items()}

    def groups_of(self, form: str) -> set[str]:
        """The groups whose members may claim the open task with this form."""
        links = self.admin.get(f"/task/{self.wait_for_task(form).id}/identity-links")
        return {link["groupId"] for link in links if link["groupId"]}

    def kpi_row(self) -> dict[str, Any] | None:
        row = CaseRow.get_or_none(CaseRow.case_reference == self.reference)
        return row.__data__ if row else None

    @property
    def instance_id(self) -> str:
        return self.case().instance_id

    def describe(self) -> str:
        return describe_case(self.admin, self.reference)

    def _instances(self) -> list[str]:
        return instances_of(self.admin, self.reference)

    def _ended(self) -> cases.Case | None:
        query = {
            "processInstanceBusinessKey": self.reference,
            "processDefinitionKey": Process.CORONA_CARE,
            "unfinished": True,
        }
        return None if self.admin.post("/history/process-instance/count", query)["count"] else self.case()

    def set_lab_result(self, finding: str, sample: int = 1, after_s: float | None = None) -> None:
        """Set the result that the simulated lab gives for the sample, and how many seconds it takes."""
        body = {"result": finding, "after_s": after_s}
        self.call_lab("PUT", f"/v1/simulation/results/{self.barcode_of(sample)}", body)

    def correct_lab_result(self, result: str, sample: int = 1) -> None:
        """Have the lab replace a result that it gave, or revoke it as entered in error."""
        self.call_lab("POST", f"/v1/simulation/corrections/{self.barcode_of(sample)}", {"result": result})

    def get_from_government(self, path: str) -> Any:
        headers = {"X-API-Key": self._state["government_api_key"]}
        answer = requests.get(self._state["government"] + path, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def call_lab(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        headers = {"X-API-Key": self._state["lab_api_key"], "Idempotency-Key": uuid.uuid4().hex}
        answer = requests.request(method, self._state["lab"] + path, json=body, headers=headers, timeout=10)
        answer.raise_for_status()
        return answer.json()

    def engine_as(self, account: str) -> Engine:
        """The engine with the credentials of this staff account."""
        return Engine(self._state["engine"], credentials=credentials_of(self._state, account))


def eventually(
    found: Callable[[], T | None], complaint: str | Callable[[], str] | None = None, within_s: float = TIMEOUT_S
) -> T:
    """Poll a function until its result is true, and return that result.

    The pauses grow, because most polls are requests, which take CPU time from what is waited for.

    Args:
        complaint: message of the AssertionError after the timeout; a function that creates it is called only then.
    """
    deadline, pause_s = time.monotonic() + within_s, FIRST_PAUSE_S
    while True:
        value = found()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError((complaint() if callable(complaint) else complaint) or f"not within {within_s} s")
        time.sleep(pause_s)
        pause_s = min(MAX_PAUSE_S, PAUSE_FACTOR * pause_s)


def describe_case(engine: Engine, reference: str) -> str:
    """Describe the current steps and the incidents of a case, for the message of a failed test."""
    found = cases.find_case(engine, reference)
    if found is None:
        return "not started"
    incidents = [f"{row['activityId']}: {row['incidentMessage']}" for row in incidents_of(engine, reference)]
    return f"at {sorted(cases.current_steps(engine, found))} {incidents}"


def incidents_of(engine: Engine, reference: str) -> list[dict[str, Any]]:
    return [
        row
        for instance in instances_of(engine, reference)
        for row in engine.get("/incident", processInstanceId=instance)
    ]


def instances_of(engine: Engine, reference: str) -> list[str]:
    """Ids of a case's process instances, including those that it called."""
    found = engine.post("/history/process-instance", {"processInstanceBusinessKey": reference})
    return [instance["id"] for instance in found]
