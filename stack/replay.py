"""Replays a pilot's patients through the real web pages and the real engine.

Patients use the web pages, as a browser would; the medical team, the doctors and the contact tracers complete their
tasks by the engine's REST API with accounts of their own; the lab server finds what the file says.
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
from processes.cases import Case, OpenTask, current_steps, find_case, open_tasks
from processes.engine import Engine
from stack.pilot import PilotError

AT_ONCE = 6
STEP_WITHIN_S = 300
# where the page that follows the request for evaluation shows it
ACCESS_CODE = ".access-code"
# the accounts that fill in the forms of staff
STAFF = {"medical_visit": "medical_team", "doctor_report": "doctor", "contact_call": "contact_tracer"}


@dataclass(frozen=True)
class Result:
    """What became of one patient.

    Attributes:
        access_code: opens the case with the date of birth; None where none was given.
    """

    patient: str
    case_reference: str
    outcome: str
    as_expected: bool
    lab_result: str | None
    access_code: str | None
    date_of_birth: str


class Replay:
    """Takes patients through their pathway.

    Args:
        state: where everything is, as .run/state.json says.
        pause: waits so many seconds, or raises when the platform is to end.
    """

    def __init__(self, state: Mapping[str, Any], pause: Callable[[float], None] = time.sleep):
        self.state = state
        self.pause = pause
        self.lab = Lab(state["lab"], state["lab_api_key"])
        self._run = secrets.token_hex(3).upper()
        self.admin = self._engine("admin")
        self.staff = {form: self._engine(account) for form, account in STAFF.items()}

    def all(self, patients: list[dict[str, Any]], progress: Callable[[int], None]) -> list[Result]:
        """Take all patients through, some at a time.

        Raises:
            PilotError: a patient didn't get through.
        """
        results = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            futures = [pool.submit(self.one, patient, number) for number, patient in enumerate(patients, 1)]
            try:
                for future in as_completed(futures):
                    results.append(future.result())
                    progress(len(results))
            except BaseException:
                pool.shutdown(cancel_futures=True)
                raise
        return results

    def one(self, patient: dict[str, Any], number: int) -> Result:
        """Take one patient through to the end."""
        name = patient.get("patient", f"patient {number}")
        try:
            walk = Walk(self, patient, number)
            case = walk.to_the_end()
        except (PageRefused, EngineError, ServiceError, requests.RequestException) as error:
            raise PilotError(f"{name}: {error}") from None
        outcome = case.values.get("case_outcome", "unknown")
        return Result(
            patient=name,
            case_reference=case.reference,
            outcome=outcome,
            as_expected=outcome == patient["outcome"],
            lab_result=case.values.get("lab_result"),
            access_code=walk.access_code,
            date_of_birth=walk.date_of_birth,
        )

    def barcode(self, number: int) -> str:
        """On the first sample of the patient with this number: used once, also when a pilot is replayed again."""
        return f"S{number:03}-{self._run}"

    def _engine(self, account: str) -> Engine:
        who = self.state["accounts"][account]
        return Engine(self.state["engine"], who["username"], who["password"])


class Walk:
    """One patient's way: whatever form is asked for next is filled in as the pilot's file says.

    Attributes:
        access_code: opens the case with the date of birth; None until the patient was given it.
    """

    def __init__(self, replay: Replay, patient: dict[str, Any], number: int):
        self._replay = replay
        self._patient = patient
        self.barcode = replay.barcode(number)
        self._browser = Browser(replay.state["webapp"], replay.pause)
        self._seen: set[str] = set()
        self._times: Counter[str] = Counter()
        self._corrected = "lab_correction" not in patient
        page = self._browser.fill_in("/forms/pre_screening", patient["pre_screening"][0])
        self.reference = page.text("main strong")
        self.access_code: str | None = None
        self.date_of_birth = str(patient["pre_screening"][0]["date_of_birth"])

    def to_the_end(self) -> Case:
        """Go on until the case has ended."""

        def ended() -> Case | None:
            self._fill_in_what_is_asked()
            case = find_case(self._replay.admin, self.reference)
            return case if case and case.ended_at and self._is_last(case) else None

        return self._wait(ended, "did not close")

    def to_form(self, form: str, time: int = 1) -> OpenTask:
        """Go on until this form is asked for, for the first, second, … time, and leave it."""

        def asked() -> OpenTask | None:
            self._fill_in_what_is_asked(but=(form, time))
            new = (task for task in self._open() if task.form == form and task.id not in self._seen)
            return next(new, None) if self._times[form] == time - 1 else None

        return self._wait(asked, f"{form} is not asked for")

    def to_step(self, step: str) -> None:
        """Go on until the case stands at this element of a diagram."""

        def stands() -> Case | None:
            self._fill_in_what_is_asked()
            case = find_case(self._replay.admin, self.reference)
            return case if case and step in current_steps(self._replay.admin, case) else None

        self._wait(stands, f"doesn't come to {step}")

    def report_worsening(self, answers: Mapping[str, Any]) -> None:
        """Report as the patient, by "I feel worse", how they are today."""
        self._browser.fill_in("/forms/symptoms_worsened", answers)

    def has_timer_fire(self, event: str) -> None:
        """Have a timer of the case fall due now."""
        case = find_case(self._replay.admin, self.reference)
        for instance in (case.instance_id, *case.called) if case else ():
            for job in self._replay.admin.get("/job", processInstanceId=instance, activityId=event):
                self._replay.admin.post(f"/job/{job['id']}/execute")

    def _fill_in_what_is_asked(self, but: tuple[str, int] | None = None) -> None:
        for task in self._open():
            form = task.form
            if task.id in self._seen or form not in self._patient or (form, self._times[form] + 1) == but:
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
        """The file's answers for this occasion; the last ones count for all that follow."""
        occasions = self._patient[form]
        time = self._times[form]
        answers = dict(occasions[min(time, len(occasions)) - 1])
        if form == "medical_visit" and answers.get("visit_outcome") == "sampled":
            answers.setdefault("sample_barcode", self.barcode if time == 1 else f"{self.barcode}-{time}")
            self._plan(answers["sample_barcode"], time)
        return answers

    def _plan(self, barcode: str, time: int) -> None:
        """Have the lab find what the file says."""
        if "lab_result" not in self._patient:
            return
        results = self._patient["lab_result"]
        result = results[min(time, len(results)) - 1] if isinstance(results, list) else results
        body = {"result": result, "after_s": self._patient.get("lab_takes_s")}
        self._replay.lab.put(f"/v1/simulation/results/{barcode}", body)

    def _correct(self) -> None:
        """The lab corrects the result that it gave, once the patient has the doctor's report."""
        self._corrected = True
        body = {"result": self._patient["lab_correction"]}
        self._replay.lab.post(f"/v1/simulation/corrections/{self.barcode}", body, secrets.token_hex(16))

        def reopened() -> Case | None:
            case = find_case(self._replay.admin, self.reference)
            return case if case and self._is_last(case) else None

        self._wait(reopened, "was not corrected")

    def _is_last(self, case: Case) -> bool:
        """Not just about to go on by a correction."""
        return case.values.get("correction_number", 0) == (1 if "lab_correction" in self._patient else 0)

    def _open(self) -> list[OpenTask]:
        return open_tasks(self._replay.admin, self.reference)

    def _wait(self, found: Callable[[], Any], complaint: str) -> Any:
        deadline = time.monotonic() + STEP_WITHIN_S
        while True:
            value = found()
            if value is not None:
                return value
            if time.monotonic() > deadline:
                raise PilotError(f"{self.reference}: {complaint} within {STEP_WITHIN_S} s{self._incidents()}")
            self._replay.pause(0.3)

    def _incidents(self) -> str:
        try:
            found = self._replay.admin.get("/incident")
        except EngineRefused:
            return ""
        messages = {f"{row['activityId']}: {row['incidentMessage']}" for row in found}
        return f"; incidents: {'; '.join(sorted(messages))}" if messages else ""
