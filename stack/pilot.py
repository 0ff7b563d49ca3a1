"""Replays a file of invented patients through the real web pages and the real engine.

Patients use the web pages, as a browser would; the medical team and the doctors complete their tasks by the engine's
REST API with accounts of their own. The format of the file is in docs/pilot.md.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from processes.cases import OpenTask, find_case, open_tasks
from processes.engine import Engine, EngineError, EngineRefused
from stack.browser import Browser, PageRefused

AT_ONCE = 6
STEP_WITHIN_S = 120
KEYS = {"about", "expected", "defaults", "patients"}
# the forms in the order in which a patient comes to them, and the accounts that fill in those of staff
STEPS = (
    "pre_screening",
    "evaluation_request",
    "medical_form",
    "medical_visit",
    "doctor_report",
    "close_contacts",
    "review",
)
STAFF = {"medical_visit": "medical_team", "doctor_report": "doctor"}
PATIENT_KEYS = {"patient", "lab_result", "outcome", *STEPS}


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
            content = yaml.safe_load(path.read_text())
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


@dataclass(frozen=True)
class Result:
    """What became of one patient."""

    patient: str
    case_reference: str
    outcome: str
    as_expected: bool


class Replay:
    """Takes patients through their pathway.

    Args:
        state: where everything is, as .run/state.json says.
        pause: waits so many seconds, or raises when the platform is to end.
    """

    def __init__(self, state: Mapping[str, Any], pause: Callable[[float], None] = time.sleep):
        self._state = state
        self._pause = pause
        # a barcode is used once, also when a pilot is replayed on the same laboratory
        self._run = secrets.token_hex(3).upper()
        self.admin = self._engine("admin")
        self._staff = {form: self._engine(account) for form, account in STAFF.items()}

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
        """Take one patient through all steps that their file has."""
        name = patient.get("patient", f"patient {number}")
        try:
            case_reference = self.walk(patient, number)
            outcome = self._wait_until_closed(case_reference)
        except (PageRefused, EngineError, requests.RequestException) as error:
            raise PilotError(f"{name}: {error}") from None
        return Result(name, case_reference, outcome, outcome == patient["outcome"])

    def walk(self, patient: dict[str, Any], number: int, until: str | None = None) -> str:
        """Take one patient on until the step `until` is open (to the end without one); returns the case reference."""
        browser = Browser(self._state["webapp"], self._pause)
        page = browser.fill_in("/pre-screening", patient["pre_screening"])
        case_reference = page.text("main strong")
        for step in STEPS[1:]:
            if step == until:
                self.task(case_reference, step)
                break
            if step not in patient:
                continue
            if step in STAFF:
                self._work(case_reference, step, self._prepared(patient, number, step))
            else:
                browser.fill_in(f"/case/forms/{step}", patient[step])
        return case_reference

    def task(self, case_reference: str, form: str) -> OpenTask:
        """Wait until the task with this form is open."""
        return self._wait(
            lambda: next((task for task in open_tasks(self.admin, case_reference) if task.form == form), None),
            f"{case_reference}: {form} is not asked for",
        )

    def _prepared(self, patient: dict[str, Any], number: int, step: str) -> dict[str, Any]:
        answers = dict(patient[step])
        if step == "medical_visit":
            answers.setdefault("sample_barcode", f"S{number:03}-{self._run}")
            if "lab_result" in patient:
                self._plan(answers["sample_barcode"], patient["lab_result"])
        return answers

    def _plan(self, barcode: str, result: str) -> None:
        url = f"{self._state['lab']}/v1/simulation/results/{barcode}"
        headers = {"X-API-Key": self._state["lab_api_key"]}
        requests.put(url, json={"result": result}, headers=headers, timeout=10).raise_for_status()

    def _work(self, case_reference: str, form: str, answers: dict[str, Any]) -> None:
        """Claim a staff task and complete it, as a member of the staff."""
        task = self.task(case_reference, form)
        engine = self._staff[form]
        engine.post(f"/task/{task.id}/claim", {"userId": self._state["accounts"][STAFF[form]]["username"]})
        engine.submit(task.id, answers)

    def _wait_until_closed(self, case_reference: str) -> str:
        """How the case ended, as the process managers see it."""

        def ended() -> Any:
            case = find_case(self.admin, case_reference)
            return case if case and case.ended_at else None

        case = self._wait(ended, f"{case_reference}: did not close")
        return case.values.get("case_outcome", "unknown")

    def _wait(self, found: Callable[[], Any], complaint: str) -> Any:
        deadline = time.monotonic() + STEP_WITHIN_S
        while True:
            value = found()
            if value is not None:
                return value
            if time.monotonic() > deadline:
                raise PilotError(f"{complaint} within {STEP_WITHIN_S} s{self._incidents()}")
            self._pause(0.3)

    def _incidents(self) -> str:
        try:
            found = self.admin.get("/incident")
        except EngineRefused:
            return ""
        messages = {f"{row['activityId']}: {row['incidentMessage']}" for row in found}
        return f"; incidents: {'; '.join(sorted(messages))}" if messages else ""

    def _engine(self, account: str) -> Engine:
        who = self._state["accounts"][account]
        return Engine(self._state["engine"], who["username"], who["password"])


def _with_defaults(defaults: dict[str, Any], patient: dict[str, Any]) -> dict[str, Any]:
    """A patient's own answers over the defaults of each step; a step that the patient doesn't name isn't walked."""
    return {
        key: {**defaults.get(key, {}), **(value or {})} if key in STEPS else value for key, value in patient.items()
    }
