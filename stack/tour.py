"""What `make demo` leaves to look at: invented history, open cases at interesting steps, and where to find them."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from processes.elements import BoundaryEvent, EventBasedGateway, ReceiveTask, ServiceTask
from stack.commands import run_command
from stack.pilot import Pilot
from stack.replay import AT_ONCE, Replay, Result, Walk

# of the pilot's patients, numbered from 1
FIRST_NUMBER = 901
KITS = 50


@dataclass(frozen=True)
class Stop:
    """A case to look at, and how its patient signs in."""

    what: str
    patient: str
    case_reference: str
    access_code: str | None
    date_of_birth: str


def _chase_result(walk: Walk) -> None:
    walk.to_step(ReceiveTask.WAIT_FOR_TEST_RESULT)
    walk.has_timer_fire(BoundaryEvent.RESULT_LATE)


def _report_emergency(walk: Walk) -> None:
    walk.to_step(ReceiveTask.WAIT_FOR_TEST_RESULT)
    walk.report_worsening({"breathless": True})
    walk.to_form("worsening_call")


# what there is to see of each of the people, and how they come there; these don't depend on each other
Go = Callable[[Walk], object]
INDEPENDENT: dict[str, tuple[str, Go]] = {
    "Elif Kaya": ("a visit due", lambda walk: walk.to_form("medical_visit")),
    "Mateo Rossi": ("a second visit today, nobody was at home", lambda walk: walk.to_form("medical_visit", 2)),
    "Hana Suzuki": ("an urgent report due, and contacts to name", lambda walk: walk.to_form("doctor_report")),
    "Piotr Nowak": ("a report due", lambda walk: walk.to_form("doctor_report")),
    "Lucie Bernard": ("contacts to name, in French", lambda walk: walk.to_form("close_contacts")),
    "Amal Mansour": ("contacts to name, in Arabic", lambda walk: walk.to_form("close_contacts")),
    "Nia Owusu": ("a list of contacts that came back", lambda walk: walk.to_form("close_contacts", 2)),
    "Oscar Lindgren": (
        "a second sample to take, the first gave no result",
        lambda walk: walk.to_form("medical_visit", 2),
    ),
    "Teresa Gomes": ("a contact to call, no message reached them", lambda walk: walk.to_form("contact_call")),
    "Viktor Horvat": ("a corrected result to report on", lambda walk: walk.to_form("doctor_report", 2)),
    "Ingrid Dahl": ("a late result, chased", _chase_result),
    "Leila Farahani": ("a doctor's call to make, with a sign of an emergency", _report_emergency),
}


class Tour:
    """Prepares what there is to see, and says where.

    Args:
        state: where everything is, as .run/state.json says.
        people: patients of stack/tour.yaml.
        history_weeks: how many weeks of invented cases the managers' pages may include.
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
        """Add invented cases of the last weeks, which the managers' pages show when they are asked to."""
        command = [sys.executable, "-m", "kpi", "invent", str(self._history_weeks)]
        invented = run_command("invented history", command)
        self._say(f"{invented} over {self._history_weeks} weeks, for the managers' charts")

    def leave_cases_open(self) -> list[Stop]:
        """Leave each patient at another step; none has completed care, so that no KPI counts them."""
        self._answers_at_visit("Mateo Rossi", next_appointment=_later_today().isoformat(timespec="seconds"))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            leaving = [pool.submit(self._leave, name, *how) for name, how in INDEPENDENT.items()]
        stops = [each.result() for each in leaving]
        # the laboratory refuses a barcode that it knows already, which raises an incident
        self._answers_at_visit("Samuel Cohen", sample_barcode=self._replay.barcode(self._number("Ingrid Dahl")))
        stops.append(self._leave("Samuel Cohen", "an incident", lambda walk: walk.to_step(ServiceTask.ORDER_LAB_TEST)))
        self._use_up_kits()
        shortage = "a shortage of test kits"
        stops.append(self._leave("Ravi Menon", shortage, lambda walk: walk.to_step(EventBasedGateway.WAIT_FOR_KIT)))
        return stops

    def show(self, stops: list[Stop]) -> None:
        """Say where to look."""
        state, accounts = self._state, self._state["accounts"]
        history = "?history=included" if self._history_weeks else ""
        self._say(f"\nCases to look at; their patients sign in at {state['webapp']}/sign-in:")
        for stop in stops:
            self._say(f"  {stop.case_reference}  {stop.what}:")
            self._say(f"  {'':14}  {stop.patient}, born {stop.date_of_birth}, access code {stop.access_code}")
        self._say("\nA tour in three steps:")
        self._say(f"  1. Be a patient: {state['webapp']}/ and start the pre-screening.")
        self._say(f"  2. Be a doctor: {state['staff']}/camunda/app/tasklist/default/ as {_sign_in(accounts['doctor'])}")
        self._say("     and claim a patient to call, or a report;")
        self._say("     as " + _sign_in(accounts["medical_team"]) + " a visit,")
        self._say("     as " + _sign_in(accounts["contact_tracer"]) + " a contact to call.")
        self._say(f"  3. Be a manager: {state['webapp']}/staff/now{history} says who waits,")
        self._say(f"     {state['webapp']}/staff/kpis{history} how it goes, and Cockpit shows each case:")
        self._say(f"     {state['staff']}/camunda/app/cockpit/default/ as {_sign_in(accounts['process_manager'])}")
        self._say(f"\nNo test kit is left: who needs one waits. This brings the laboratory {KITS}:")
        self._say(f"  curl --noproxy '*' {state['lab']}/v1/stock -d '{{\"kits\": {KITS}}}' \\")
        self._say("    -H 'Content-Type: application/json' \\")
        self._say(f"    -H 'X-API-Key: {state['lab_api_key']}' -H 'Idempotency-Key: delivery-1'")

    def _answers_at_visit(self, name: str, **answers: Any) -> None:
        """Add answers at the first visit that can't be in the file."""
        first, *others = self._people[name]["medical_visit"]
        self._people[name]["medical_visit"] = [{**first, **answers}, *others]

    def _leave(self, name: str, what: str, go: Go) -> Stop:
        """Start the case of one of the people, and leave it where it has gone."""
        walk = Walk(self._replay, self._people[name], self._number(name))
        go(walk)
        return Stop(what, name, walk.reference, walk.access_code, walk.date_of_birth)

    def _number(self, name: str) -> int:
        return FIRST_NUMBER + list(self._people).index(name)

    def _use_up_kits(self) -> None:
        """Other towns take what the laboratory has left."""
        lab = self._replay.lab
        for number in range(lab.stock().kits):
            lab.reserve_kit(f"ELSEWHERE-{number}", 1, 40, secrets.token_hex(16))


def _later_today() -> datetime:
    """In three hours, or the end of the day in UTC, which is the engine's: Tasklist lists it among today's visits."""
    now = datetime.now(UTC)
    return min(now + timedelta(hours=3), datetime.combine(now, time(23, 45), UTC))


def closed_case(results: Iterable[Result]) -> Stop | None:
    """A case whose care was completed, after a positive result if there is one; None where there is none."""
    completed = [each for each in results if each.outcome == "care_completed" and each.access_code]
    if not completed:
        return None
    found = min(completed, key=lambda each: (each.lab_result != "positive", each.patient))
    what = "closed, with a doctor's report"
    return Stop(what, found.patient, found.case_reference, found.access_code, found.date_of_birth)


def _sign_in(account: Mapping[str, str]) -> str:
    return f"{account['username']} / {account['password']}"
