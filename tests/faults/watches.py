"""Invented watches at home in time lapse: timers fire by the REST API, and each day the case becomes a day older.

A watch is started at its step of the diagram, without the care before it.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from camunda7.variables import to_python
from processes.cases import new_reference
from processes.elements import CallActivity, Process, UserTask
from processes.engine import Engine
from processes.variables import VARIABLES
from tests.support.case import GREEN_DAY, REQUEST, STAYS_AT_HOME, eventually, load_policy
from tests.support.days import days_ago

REPORT_HOUR, REMINDER, MISSING = "Event_ReportHour", "Event_ReportReminder", "Event_ReportMissing"
# more than any plan needs
MAX_DAYS = 40
STEPS = (UserTask.CALL_PATIENT, UserTask.CALL_SILENT_PATIENT, UserTask.VISIT_SILENT_PATIENT, "Event_Released")


@dataclass(frozen=True)
class Plan:
    """What a patient does. Days of the watch are counted from 0.

    Attributes:
        onset: days from onset to the first day of the watch.
        fever: the days with fever.
        silent: the day without a report; None: there is none.
        is_reached: whether the patient answers the call on the silent day.
        red: the day with too little oxygen; None: there is none.
    """

    onset: int
    fever: tuple[int, ...] = ()
    silent: int | None = None
    is_reached: bool = True
    red: int | None = None

    def find_release(self, policy: Mapping[str, Any]) -> int:
        """Return the first day on which the policy releases the patient."""
        return next(day for day in range(MAX_DAYS) if self._is_released(day, policy))

    def _is_released(self, day: int, policy: Mapping[str, Any]) -> bool:
        is_well = day != self.red and (day != self.silent or self.is_reached)
        is_over = self.onset + day > policy["isolation_days"]
        return (
            is_well and is_over and all(day > fever + policy["fever_free_days"] for fever in self.fever if fever <= day)
        )


def invent_plans(count: int, rng: random.Random) -> list[Plan]:
    """Return plans, of which 10 % have a silent day, 5 % a red one, and a fifth begin with fever."""
    plans = []
    for number in range(count):
        onset = rng.randint(5, 10)
        fever = tuple(range(rng.randint(1, 4))) if rng.random() < 0.2 else ()
        # before any release
        day = rng.randint(0, 10 - onset)
        if number % 10 == 0:
            plans.append(Plan(onset, fever, silent=day, is_reached=number % 30 != 0))
        else:
            plans.append(Plan(onset, fever, red=day if number % 20 == 1 else None))
    return plans


class Watch:
    """One watch on the engine.

    Attributes:
        days: number of days that it lasted.
        calls: number of each of STEPS.
    """

    def __init__(self, engine: Engine, plan: Plan):
        self._engine = engine
        self._policy = load_policy(is_watched=True)
        self.plan = plan
        self.reference = new_reference()
        self.email = f"{self.reference.lower()}@patients.example"
        self.days = 0

    def start(self) -> None:
        """Start the watch; it waits for the hour of the first report."""
        values = {
            **{name: REQUEST[name] for name in ("given_name", "family_name", "channel", "language")},
            "email": self.email,
            "phone": "+44 20 7946 0958",
            "policy": self._policy,
            "exposed": False,
            "lab_result": "positive",
            "risk_factor": False,
            "result_number": 1,
            "correction_number": 0,
            "case_outcome": "care_completed",
            "watch_started_at": datetime.now(UTC),
            "diary": [],
            **self._values_of(0),
        }
        body = {
            "businessKey": self.reference,
            "variables": VARIABLES.to_engine(values),
            "startInstructions": [{"type": "startBeforeActivity", "activityId": CallActivity.WATCH_AT_HOME}],
        }
        self._case = self._engine.post(f"/process-definition/key/{Process.CORONA_CARE}/start", body)["id"]
        [watch] = self._engine.get("/process-instance", superProcessInstance=self._case)
        self._watch = watch["id"]

    def run(self) -> None:
        """Start the watch, and live through its days until the patient is released."""
        self.start()
        for day in range(MAX_DAYS):
            self._set(self._values_of(day))
            self._fire(REPORT_HOUR)
            self._live(day)
            self.days = day + 1
            if self._is_over_after_day():
                return
        raise AssertionError(f"{self.reference} isn't released after {MAX_DAYS} days: {self.plan}")

    def wait_for_end(self) -> None:
        """Wait until the case has ended, whose last step records the watch for the KPIs."""
        eventually(lambda: self._is_ended(self._case), f"{self.reference} isn't recorded")

    @property
    def expected_days(self) -> int:
        return self.plan.find_release(self._policy) + 1

    @property
    def expected_steps(self) -> Counter[str]:
        """How often each of STEPS must be entered."""
        silent = self.plan.silent is not None
        calls = 0 if not silent else 1 if self.plan.is_reached else self._policy["most_calls"]
        visits = int(silent and not self.plan.is_reached)
        red = int(self.plan.red is not None)
        return Counter(dict(zip(STEPS, (red, calls, visits, 1), strict=True)))

    def count_steps(self) -> Counter[str]:
        """How often each of STEPS was entered."""
        found = self._engine.post("/history/process-instance", {"processInstanceBusinessKey": self.reference})
        rows = [
            row["activityId"]
            for instance in found
            for row in self._engine.get("/history/activity-instance", processInstanceId=instance["id"])
        ]
        return Counter({step: rows.count(step) for step in STEPS})

    def read(self, name: str) -> Any:
        """The value of a variable of the case, which may have ended."""
        query = {"processInstanceId": self._case, "variableName": name}
        [row] = self._engine.post("/history/variable-instance?deserializeValues=false", query)
        return to_python(row["type"], row["value"])

    def _values_of(self, day: int) -> dict[str, Any]:
        """The case's values on a day: all that has happened is as long ago as the patient's plan says."""
        moved = {"diary": [_age(each) for each in self.read("diary")]} if day else {}
        sampled = datetime.now(UTC) - timedelta(days=day + 1)
        return {**moved, "onset_date": days_ago(self.plan.onset + day), "sample_taken_at": sampled}

    def _set(self, values: dict[str, Any]) -> None:
        self._engine.post(f"/process-instance/{self._case}/variables", {"modifications": VARIABLES.to_engine(values)})

    def _live(self, day: int) -> None:
        temperature = 38.6 if day in self.plan.fever else 36.8
        answers = {**GREEN_DAY, "day_temperature_c": temperature, "report_hour": None}
        if day == self.plan.silent:
            self._be_silent({"call_reached": "yes", **answers})
            return
        self._submit(UserTask.DAILY_REPORT, {**answers, "spo2": 90 if day == self.plan.red else 97})
        if day == self.plan.red:
            self._submit(UserTask.CALL_PATIENT, {**STAYS_AT_HOME, "care_place": "home"})

    def _be_silent(self, by_telephone: dict[str, Any]) -> None:
        """Don't report; answer the call, or let the medical team visit."""
        self._fire(REMINDER)
        self._fire(MISSING)
        if self.plan.is_reached:
            self._submit(UserTask.CALL_SILENT_PATIENT, by_telephone)
            return
        for _ in range(self._policy["most_calls"]):
            self._submit(UserTask.CALL_SILENT_PATIENT, {"call_reached": "no", "call_again_at": None})
        self._submit(UserTask.VISIT_SILENT_PATIENT, STAYS_AT_HOME)

    def _submit(self, step: str, values: dict[str, Any]) -> None:
        query = {"processInstanceBusinessKey": self.reference, "taskDefinitionKey": step}
        [task] = eventually(lambda: self._engine.post("/task", query), f"{self.reference} isn't at {step}: {self.plan}")
        self._engine.submit(task["id"], values)

    def _fire(self, event: str) -> None:
        job = eventually(lambda: self._find_job(event), f"{self.reference} isn't at {event}: {self.plan}")
        self._engine.post(f"/job/{job}/execute")

    def _find_job(self, event: str) -> str | None:
        found = self._engine.get("/job", processInstanceId=self._watch, activityId=event)
        return found[0]["id"] if found else None

    def _is_over_after_day(self) -> bool:
        """Wait until the day is recorded; returns whether the patient is released, and doesn't rest until tomorrow."""
        eventually(lambda: self._is_ended(self._watch) or self._find_job(REPORT_HOUR), f"{self.reference}: {self.plan}")
        return self._is_ended(self._watch)

    def _is_ended(self, instance: str) -> bool:
        query = {"processInstanceIds": [instance], "unfinished": True}
        return not self._engine.post("/history/process-instance/count", query)["count"]


def _age(day: dict[str, Any]) -> dict[str, Any]:
    """A day of the diary, a day earlier."""
    return {**day, "day": str(date.fromisoformat(day["day"]) - timedelta(days=1))}
