"""Replay of a pilot's patients against the running platform.

Patients use the web pages, as a browser would; medical team, doctors and contact tracers complete their tasks by the
engine's REST API with their own accounts; the simulated laboratory reports the results in the pilot file.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any

import requests

from camunda7.engine import EngineError, EngineRefused
from camunda7.forms.browser import Browser, PageRefused
from hosting.clients.lab import Lab
from hosting.clients.service import ServiceError
from processes.cases import Case, OpenTask, current_steps, find_case, is_completed, open_tasks
from processes.engine import Engine
from stack.pilot import PilotError

MAX_CONCURRENT_PATIENTS = 6
STEP_TIMEOUT_S = 300
# CSS selector of the access code on the page after the request for evaluation
ACCESS_CODE = ".access-code"
# accounts that fill in staff forms
STAFF = {"medical_visit": "medical_team", "doctor_report": "doctor", "contact_call": "contact_tracer"}


@dataclass(frozen=True)
class Result:
    """Result of one patient's replay.

    Attributes:
        access_code: None if the patient got none.
    """

    patient: str
    case_reference: str
    outcome: str
    is_expected: bool
    lab_result: str | None
    access_code: str | None
    date_of_birth: str


class Replay:
    """Replays patients' journeys.

    Args:
        state: content of .run/state.json.
        pause: sleeps for a number of seconds, or raises if the platform stops.
    """

    def __init__(self, state: Mapping[str, Any], pause: Callable[[float], None] = time.sleep):
        self.state = state
        self.pause = pause
        self.lab = Lab(state["lab"], state["lab_api_key"])
        self._run = secrets.token_hex(3).upper()
        self.admin = self._engine("admin")
        self.staff = {form: self._engine(account) for form, account in STAFF.items()}

    def replay_all(self, patients: list[dict[str, Any]], progress: Callable[[int], None]) -> list[Result]:
        """Replay all patients, MAX_CONCURRENT_PATIENTS at the same time.

        Args:
            progress: called with the number of patients that are done.

        Raises:
            PilotError: the replay of a patient failed.
        """
        results = []
        with ThreadPoolExecutor(MAX_CONCURRENT_PATIENTS) as pool:
            futures = [pool.submit(self.replay_patient, patient, number) for number, patient in enumerate(patients, 1)]
            try:
                for future in as_completed(futures):
                    results.append(future.result())
                    progress(len(results))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return results

    def replay_patient(self, patient: dict[str, Any], number: int) -> Result:
        """Replay one patient to the end of the case."""
        name = patient.get("patient", f"patient {number}")
        try:
            journey = Journey(self, patient, number)
            case = journey.run_to_end()
        except (PageRefused, EngineError, ServiceError, requests.RequestException) as error:
            raise PilotError(f"{name}: {error}") from None
        outcome = case.values.get("case_outcome", "unknown")
        return Result(
            patient=name,
            case_reference=case.reference,
            outcome=outcome,
            is_expected=outcome == patient["outcome"],
            lab_result=case.values.get("lab_result"),
            access_code=journey.access_code,
            date_of_birth=journey.date_of_birth,
        )

    def barcode(self, number: int) -> str:
        """Return the barcode of a patient's first sample, unique also across replays of the same pilot."""
        return f"S{number:03}-{self._run}"

    def _engine(self, account: str) -> Engine:
        credentials = self.state["accounts"][account]
        return Engine(self.state["engine"], credentials["username"], credentials["password"])


class Journey:
    """One patient's journey: fills in each form that is due with the answers of the pilot file.

    Attributes:
        access_code: None until the patient has it.
    """

    def __init__(self, replay: Replay, patient: dict[str, Any], number: int):
        self._replay = replay
        self._patient = patient
        self.barcode = replay.barcode(number)
        self._browser = Browser(replay.state["webapp"], replay.pause)
        self._seen: set[str] = set()
        self._times: Counter[str] = Counter()
        self._corrected = "lab_correction" not in patient
        self.access_code: str | None = None
        self.date_of_birth = str(patient["pre_screening"][0]["date_of_birth"])
        self.reference = self._start()

    def _start(self) -> str:
        """Send the pre-screening; returns the case reference."""
        page = self._browser.fill_in("/forms/pre_screening", self._patient["pre_screening"][0])
        return page.text("main strong")

    def run_to_end(self) -> Case:
        """Fill in forms until the case has ended, or only its watch at home is left."""

        def find_ended() -> Case | None:
            self._fill_in_due_forms()
            case = find_case(self._replay.admin, self.reference)
            return case if case and is_completed(self._replay.admin, case) and self._is_last(case) else None

        return self._wait(find_ended, "did not close")

    def run_to_form(self, form: str, time: int = 1) -> OpenTask:
        """Fill in forms until this one is due for the first, second, … time; returns its task."""

        def find_due() -> OpenTask | None:
            self._fill_in_due_forms(except_for=(form, time))
            new = (task for task in self._open() if task.form == form and task.id not in self._seen)
            return next(new, None) if self._times[form] == time - 1 else None

        return self._wait(find_due, f"{form} is not due")

    def run_to_step(self, step: str) -> None:
        """Fill in forms until this element of a diagram is active."""

        def find_at_step() -> Case | None:
            self._fill_in_due_forms()
            case = find_case(self._replay.admin, self.reference)
            return case if case and step in current_steps(self._replay.admin, case) else None

        self._wait(find_at_step, f"does not reach {step}")

    def report_worsening(self, answers: Mapping[str, Any]) -> None:
        """Send the patient's form "I feel worse"."""
        self._browser.fill_in("/forms/symptoms_worsened", answers)

    def fire_timer(self, event: str) -> None:
        """Execute a timer job of the case now."""
        case = find_case(self._replay.admin, self.reference)
        for instance in (case.instance_id, *case.called) if case else ():
            for job in self._replay.admin.get("/job", processInstanceId=instance, activityId=event):
                self._replay.admin.post(f"/job/{job['id']}/execute")

    def _fill_in_due_forms(self, except_for: tuple[str, int] | None = None) -> None:
        for task in self._open():
            form = task.form
            if task.id in self._seen or form not in self._patient or (form, self._times[form] + 1) == except_for:
                continue
            if form == "review" and not self._corrected:
                self._correct()
                return
            self._seen.add(task.id)
            self._times[form] += 1
            self._fill_in(task, self._answers(form))

    def _fill_in(self, task: OpenTask, answers: dict[str, Any]) -> None:
        if task.form not in STAFF:
            page = self._browser.fill_in(f"/forms/{task.form}", answers)
            if task.form == "evaluation_request" and page.content.select_one(ACCESS_CODE):
                self.access_code = page.text(ACCESS_CODE)
            return
        staff = self._replay.staff[task.form]
        username = self._replay.state["accounts"][STAFF[task.form]]["username"]
        staff.post(f"/task/{task.id}/claim", {"userId": username})
        staff.submit(task.id, answers)

    def _answers(self, form: str) -> dict[str, Any]:
        """Return the answers for this occurrence of a form; the last ones are repeated."""
        occurrences = self._patient[form]
        time = self._times[form]
        answers = dict(occurrences[min(time, len(occurrences)) - 1])
        if form == "medical_visit" and answers.get("visit_outcome") == "sampled":
            answers.setdefault("sample_barcode", self.barcode if time == 1 else f"{self.barcode}-{time}")
            self._set_lab_result(answers["sample_barcode"], time)
        return answers

    def _set_lab_result(self, barcode: str, time: int) -> None:
        """Set the result that the simulated laboratory will report for a sample."""
        if "lab_result" not in self._patient:
            return
        results = self._patient["lab_result"]
        result = results[min(time, len(results)) - 1] if isinstance(results, list) else results
        body = {"result": result, "after_s": self._patient.get("lab_takes_s")}
        self._replay.lab.put(f"/v1/simulation/results/{barcode}", body)

    def _correct(self) -> None:
        """Have the simulated laboratory correct its result, and wait until the case is reopened."""
        self._corrected = True
        body = {"result": self._patient["lab_correction"]}
        self._replay.lab.post(f"/v1/simulation/corrections/{self.barcode}", body, secrets.token_hex(16))

        def find_reopened() -> Case | None:
            case = find_case(self._replay.admin, self.reference)
            return case if case and self._is_last(case) else None

        self._wait(find_reopened, "was not corrected")

    def _is_last(self, case: Case) -> bool:
        """Whether the case has had its correction, if the pilot file has one."""
        return case.values.get("correction_number", 0) == (1 if "lab_correction" in self._patient else 0)

    def _open(self) -> list[OpenTask]:
        return open_tasks(self._replay.admin, self.reference)

    def _wait(self, find: Callable[[], Any], problem: str) -> Any:
        """Poll until `find` returns a value, and return it.

        Raises:
            PilotError: it didn't within STEP_TIMEOUT_S; the message has the problem, and open incidents.
        """
        deadline = time.monotonic() + STEP_TIMEOUT_S
        while True:
            value = find()
            if value is not None:
                return value
            if time.monotonic() > deadline:
                raise PilotError(f"{self.reference}: {problem} within {STEP_TIMEOUT_S} s{self._incidents()}")
            self._replay.pause(0.3)

    def _incidents(self) -> str:
        try:
            rows = self._replay.admin.get("/incident")
        except EngineRefused:
            return ""
        messages = {f"{row['activityId']}: {row['incidentMessage']}" for row in rows}
        return f"; incidents: {'; '.join(sorted(messages))}" if messages else ""
