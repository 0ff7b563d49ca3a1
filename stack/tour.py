"""Tour of `make demo`: synthetic history, open cases at interesting steps, and the addresses to look at."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from camunda7.names import COCKPIT, TASKLIST
from processes.elements import BoundaryEvent, EventBasedGateway, IntermediateCatchEvent, ReceiveTask, ServiceTask
from stack.commands import run_command
from stack.pilot import Pilot
from stack.replay import MAX_CONCURRENT_PATIENTS, Journey, Replay, Result

# above the numbers of the pilot's patients, which start at 1
FIRST_NUMBER = 901
KITS = 50


@dataclass(frozen=True)
class TourStop:
    """A case of the tour, with the patient's credentials."""

    what: str
    patient: str
    case_reference: str
    access_code: str | None
    date_of_birth: str


def _chase_result(journey: Journey) -> None:
    journey.run_to_step(ReceiveTask.WAIT_FOR_TEST_RESULT)
    journey.fire_timer(BoundaryEvent.RESULT_LATE)


def _report_emergency(journey: Journey) -> None:
    journey.run_to_step(ReceiveTask.WAIT_FOR_TEST_RESULT)
    journey.report_worsening({"breathless": True})
    journey.run_to_form("worsening_call")


def _wait_for_report(journey: Journey) -> None:
    journey.run_to_step(IntermediateCatchEvent.REPORT_HOUR)
    journey.fire_timer(IntermediateCatchEvent.REPORT_HOUR)
    journey.run_to_form("daily_report")


def _stay_silent(journey: Journey) -> None:
    _wait_for_report(journey)
    journey.fire_timer(BoundaryEvent.REPORT_MISSING)


def _report_red_day(journey: Journey) -> None:
    _wait_for_report(journey)
    journey.run_to_form("worsening_call")


# description of each person's case, and the function that runs the journey up to it; run in parallel
RunJourney = Callable[[Journey], object]
INDEPENDENT: dict[str, tuple[str, RunJourney]] = {
    "Elif Kaya": ("a visit due", lambda journey: journey.run_to_form("medical_visit")),
    "Mateo Rossi": (
        "a second visit today, no one was at home",
        lambda journey: journey.run_to_form("medical_visit", 2),
    ),
    "Hana Suzuki": ("an urgent report due, and contacts to name", lambda journey: journey.run_to_form("doctor_report")),
    "Piotr Nowak": ("a report due", lambda journey: journey.run_to_form("doctor_report")),
    "Lucie Bernard": ("contacts to name, in French", lambda journey: journey.run_to_form("close_contacts")),
    "Amal Mansour": ("contacts to name, in Arabic", lambda journey: journey.run_to_form("close_contacts")),
    "Nia Owusu": ("a list of contacts that came back", lambda journey: journey.run_to_form("close_contacts", 2)),
    "Oscar Lindgren": (
        "a second sample to take, the first gave no result",
        lambda journey: journey.run_to_form("medical_visit", 2),
    ),
    "Teresa Gomes": ("a contact to call, no message reached them", lambda journey: journey.run_to_form("contact_call")),
    "Viktor Horvat": ("a corrected result to report on", lambda journey: journey.run_to_form("doctor_report", 2)),
    "Ingrid Dahl": ("a late result, chased", _chase_result),
    "Greta Olsen": ("silent for a day, to be called", _stay_silent),
    "Tomas Varga": ("a red day at home, to be called by a doctor", _report_red_day),
    "Leila Farahani": ("a doctor's call to make, with a sign of an emergency", _report_emergency),
}


class Tour:
    """Prepares the tour's cases and prints where to find them.

    Args:
        state: content of .run/state.json.
        people: patients of stack/tour.yaml.
        history_weeks: weeks of synthetic cases for the managers' pages.
    """

    PEOPLE = Path(__file__).with_name("tour.yaml")

    def __init__(
        self,
        state: Mapping[str, Any],
        people: Pilot,
        history_weeks: int,
        pause: Callable[[float], None],
        say: Callable[[str], None],
    ):
        self._state = state
        self._people = {patient["patient"]: patient for patient in people.patients}
        self._history_weeks = history_weeks
        self._say = say
        self._replay = Replay(state, pause)

    def add_history(self) -> None:
        """Add synthetic cases of the last weeks, which the managers' pages include on request."""
        command = [sys.executable, "-m", "kpi", "invent", str(self._history_weeks)]
        invented = run_command("invented history", command)
        self._say(f"{invented} over {self._history_weeks} weeks, for the managers' charts")

    def leave_cases_open(self) -> list[TourStop]:
        """Run each patient's case to another step and leave it open, so that no KPI counts it."""
        self._answers_at_visit("Mateo Rossi", next_appointment=_later_today().isoformat(timespec="seconds"))
        with ThreadPoolExecutor(MAX_CONCURRENT_PATIENTS) as pool:
            futures = [pool.submit(self._leave_open, name, *stop) for name, stop in INDEPENDENT.items()]
        stops = [future.result() for future in futures]
        stops.append(self._leave_open("Samuel Cohen", "an incident", self._run_to_incident))
        self._send_results()
        self._use_up_kits()
        shortage = "a shortage of test kits"
        stops.append(
            self._leave_open(
                "Ravi Menon", shortage, lambda journey: journey.run_to_step(EventBasedGateway.WAIT_FOR_KIT)
            )
        )
        return stops

    def show(self, stops: list[TourStop]) -> None:
        """Print the cases and addresses of the tour."""
        state, accounts = self._state, self._state["accounts"]
        history = "?history=included" if self._history_weeks else ""
        self._say(f"\nCases to look at; their patients sign in at {state['webapp']}/sign-in:")
        for stop in stops:
            self._say(f"  {stop.case_reference}  {stop.what}:")
            self._say(f"  {'':14}  {stop.patient}, born {stop.date_of_birth}, access code {stop.access_code}")
        self._say("\nA tour in three steps:")
        self._say(f"  1. Be a patient: {state['webapp']}/ and start the symptom check.")
        self._say(f"  2. Be a doctor: {state['staff']}{TASKLIST} as {_sign_in(accounts['doctor'])}")
        self._say("     and claim a patient to call, or a report;")
        self._say("     as " + _sign_in(accounts["medical_team"]) + " a visit,")
        self._say("     as " + _sign_in(accounts["contact_tracer"]) + " a contact to call,")
        self._say("     as " + _sign_in(accounts["lab_staff"]) + " two results to check;")
        self._say(f"     the laboratory's staff upload results at {state['webapp']}/staff/upload.")
        self._say(f"  3. Be a manager: {state['webapp']}/staff/now{history} shows who waits,")
        self._say(f"     {state['webapp']}/staff/kpis{history} the KPIs, and Cockpit each case:")
        self._say(f"     {state['staff']}{COCKPIT} as {_sign_in(accounts['process_manager'])}")
        self._say(f"\nThe laboratory has no test kits left, so patients wait for one. This delivers {KITS}:")
        self._say(f"  curl --noproxy '*' {state['lab']}/v1/stock -d '{{\"kits\": {KITS}}}' \\")
        self._say("    -H 'Content-Type: application/json' \\")
        self._say(f"    -H 'X-API-Key: {state['lab_api_key']}' -H 'Idempotency-Key: delivery-1'")

    def _answers_at_visit(self, name: str, **answers: Any) -> None:
        """Add answers to the first visit that are known at run time only."""
        first, *others = self._people[name]["medical_visit"]
        self._people[name]["medical_visit"] = [{**first, **answers}, *others]

    def _leave_open(self, name: str, description: str, run: RunJourney) -> TourStop:
        """Start the case of a person, run it to its step, and leave it open."""
        journey = Journey(self._replay, self._people[name], self._number(name))
        run(journey)
        return TourStop(description, name, journey.reference, journey.access_code, journey.date_of_birth)

    def _run_to_incident(self, journey: Journey) -> None:
        """Run a case to the order of its test, which the laboratory refuses: it has released the sample before."""
        journey.run_to_form("medical_visit")
        self._replay.lab.release_case(journey.reference, 1, False, secrets.token_hex(16))
        journey.run_to_step(ServiceTask.ORDER_LAB_TEST)

    def _number(self, name: str) -> int:
        return FIRST_NUMBER + list(self._people).index(name)

    def _send_results(self) -> None:
        """Send two results that laboratory staff must check: another date of birth, and an unknown code of a test."""
        late, emergency = (self._replay.barcode(self._number(name)) for name in ("Ingrid Dahl", "Leila Farahani"))
        born = self._people["Leila Farahani"]["pre_screening"][0]["date_of_birth"]
        rows = (
            "barcode,date_of_birth,test_code,result,laboratory",
            f"{late},1901-01-01,94500-6,negative,North Lab",
            f"{emergency},{born},COV-PCR,positive,North Lab",
        )
        self._replay.lab.send_csv("".join(row + "\n" for row in rows).encode())

    def _use_up_kits(self) -> None:
        """Reserve all of the laboratory's kits for cases elsewhere."""
        lab = self._replay.lab
        for number in range(lab.stock().kits):
            lab.reserve_kit(f"ELSEWHERE-{number}", 1, 40, secrets.token_hex(16))


def _later_today() -> datetime:
    """Return the time in three hours, but today in UTC, so that Tasklist lists the visit among today's."""
    now = datetime.now(UTC)
    return min(now + timedelta(hours=3), datetime.combine(now, time(23, 45), UTC))


def find_closed_case(results: Iterable[Result]) -> TourStop | None:
    """Return a case with completed care, with a positive result if there is one, or None."""
    completed = [each for each in results if each.outcome == "care_completed" and each.access_code]
    if not completed:
        return None
    case = min(completed, key=lambda each: (each.lab_result != "positive", each.patient))
    description = "closed, with a doctor's report"
    return TourStop(description, case.patient, case.case_reference, case.access_code, case.date_of_birth)


def _sign_in(account: Mapping[str, str]) -> str:
    return f"{account['username']} / {account['password']}"
