"""The time lapse: a discrete-event simulation around an engine that runs the real diagrams, decisions and forms.

The calendar holds what happens at a simulated time: arrivals, ends of work, deliveries, starts of shifts, and the
engine's timers by their due date. The engine decides which way a case goes; resources decide how long it waits.
"""

from __future__ import annotations

import heapq
import random
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from processes.cases import initial_values
from processes.elements import EventBasedGateway, Message, Process, ReceiveTask
from simulation.answers import FORMS, Patient, answer_form, answer_pre_screening, create_patient
from simulation.diagrams import Diagrams, UserTask
from simulation.effects import EFFECTS, NOTICES, READS, SILENT, BpmnError
from simulation.engine_host import Command, EngineHost, Event, to_typed
from simulation.parameters import Parameters, draw_minutes, draw_value
from simulation.recording import JOURNEY, Recording, Wait
from simulation.resources import DAY_MS, HOUR_MS, MINUTE_MS, KitStock, Pool, Request, list_deliveries
from simulation.scenario import Answer, Scenario

LABORATORY = "laboratory-places"
KITS = "test-kits"
TRACERS = "contact-tracers"
TELEPHONE = "telephone"
# as services/lab: an inquiry puts a test before all others; waiting raises the priority of a request for a kit
INQUIRY_PRIORITY_INCREASE = 100
LOST = "lost"
# forms that the patient's choice of calls precedes: a contact tracer fills in the others
BEFORE_CHANNEL = "evaluation_request"
REQUESTED, PUBLISHED = "medical_form", "lab.tell_result"

Action = Callable[[], None]


@dataclass
class Task:
    """An open user task or external task of the engine."""

    id: str
    element: str
    instance: str
    case: str
    priority: int = 0
    topic: str = ""
    follow_up_ms: int | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)


@dataclass
class Test:
    """A test that was ordered.

    Attributes:
        result: None if the laboratory loses the sample.
    """

    id: str
    barcode: str
    case: str
    instance: str
    patient: Patient
    result: str | None
    hours: float


class TimeLapse:
    """One run of a scenario.

    Args:
        parameters: those of the scenario, merged.
        policy: settings with which cases start.
        number: of the replication, from 0; each has other patients.
        progress: called with the share of the simulated time that has passed; may raise, which ends the run.
    """

    def __init__(
        self,
        scenario: Scenario,
        parameters: Parameters,
        diagrams: Diagrams,
        policy: dict[str, Any],
        zone: str,
        number: int = 0,
        progress: Callable[[float], None] = lambda _: None,
    ):
        self.scenario, self.parameters, self.diagrams, self.policy = scenario, parameters, diagrams, policy
        self.zone = ZoneInfo(zone)
        self._zone_name = zone
        self._seed = scenario.seed * 1000 + number
        self._progress = progress
        self.start = datetime.combine(scenario.start, datetime.min.time(), self.zone)
        self.now_ms = _to_ms(self.start)
        self.recording = Recording(self.now_ms, self.now_ms + scenario.days * DAY_MS)
        self._calendar: list[tuple[int, int, Action]] = []
        self._sequence = 0
        self._commands: list[Command] = []
        self._tasks: dict[str, Task] = {}
        self._jobs: dict[str, Event] = {}
        self._cases: dict[str, str] = {}
        self._instances: Counter[str] = Counter()
        self._patients: dict[str, Patient] = {}
        self._tests: dict[str, Test] = {}
        self._requested_ms: dict[str, int] = {}
        self._waiting_for_kit: dict[str, str] = {}
        self._kits = KitStock(scenario.kits.stock)
        self._pools = {role: Pool(role, tuple(shifts)) for role, shifts in parameters.staff.items()}
        self._pools[LABORATORY] = Pool(LABORATORY, places=scenario.laboratory.places)

    @property
    def now(self) -> datetime:
        return self.moment(self.now_ms)

    def moment(self, milliseconds: int) -> datetime:
        return datetime.fromtimestamp(milliseconds / 1000, self.zone)

    def run(self) -> Recording:
        """Run the scenario to its end.

        Raises:
            SimulationFailed: the engine refuses a step.
        """
        with EngineHost(self._zone_name, self._seed) as engine:
            engine.deploy(self.diagrams.files, READS)
            self._plan()
            while self._calendar and self._calendar[0][0] < self.recording.end_ms:
                self._advance(engine)
        self._close()
        return self.recording

    def _advance(self, engine: EngineHost) -> None:
        """Carry out the next entry of the calendar, and all that follows from it at the same time."""
        self.now_ms, _, action = heapq.heappop(self._calendar)
        action()
        while self._commands:
            commands, self._commands = self._commands, []
            self.recording.commands += len(commands)
            for event in engine.execute(self.now_ms, commands):
                self._handle(event)

    def _at(self, when_ms: int, action: Action) -> None:
        self._sequence += 1
        heapq.heappush(self._calendar, (max(when_ms, self.now_ms), self._sequence, action))

    # what the scenario brings from outside

    def _plan(self) -> None:
        for day in range(self.scenario.days):
            midnight = self.start + timedelta(days=day)
            self._at(_to_ms(midnight), partial(self._begin_day, day))
            for pool in self._pools.values():
                for hour in pool.list_changes():
                    begins = midnight.replace(hour=int(hour[:2]) % 24, minute=int(hour[3:]))
                    self._at(_to_ms(begins), partial(self._start_work, pool))
        for moment, kits in list_deliveries(self.scenario.kits.deliveries, self.start):
            self._at(_to_ms(moment), partial(self._deliver, kits))

    def _begin_day(self, day: int) -> None:
        self._progress(day / self.scenario.days)
        for milliseconds in self._draw_arrivals(day):
            self._at(milliseconds, self._arrive)

    def _draw_arrivals(self, day: int) -> Iterable[int]:
        """Draw the times at which patients come on a day: a Poisson process within the opening hours."""
        arrivals = self.scenario.arrivals
        rates = arrivals.per_day or [self.parameters.arrivals_per_day * arrivals.times]
        rate = rates[min(day, len(rates) - 1)]
        midnight = _to_ms(self.start + timedelta(days=day))
        opens, closes = (_hour_ms(hour) for hour in (arrivals.open, arrivals.close))
        chance = random.Random(f"{self._seed}/arrivals/{day}")
        at = 0.0
        while rate and (at := at + chance.expovariate(rate)) < 1:
            yield round(midnight + opens + at * (closes - opens))

    def _arrive(self) -> None:
        self.recording.arrived += 1
        patient = create_patient(self.recording.arrived, self.parameters, self._seed, self.now)
        case = patient.draw.case
        self._patients[case] = patient
        values = initial_values(answer_pre_screening(patient, self.now), self.policy, language="en")
        self._do({"do": "start", "id": Process.CORONA_CARE, "case": case, "values": to_typed(values)})

    def _deliver(self, kits: int) -> None:
        for request in self._kits.deliver(kits, self.now_ms):
            self._record_kit(request)
            if instance := self._waiting_for_kit.pop(request.id, None):
                self._do({"do": "message", "id": instance, "name": Message.KIT_GRANTED})

    def _do(self, command: Command) -> None:
        self._commands.append(command)

    # what the engine reports

    def _handle(self, event: Event) -> None:
        handler = getattr(self, "_on_" + event["kind"].replace("-", "_"), None)
        if handler:
            handler(event)

    def _on_instance_start(self, event: Event) -> None:
        self._cases[event["instance"]] = event["case"]
        self._instances[event["case"]] += 1

    def _on_instance_end(self, event: Event) -> None:
        case = self._cases.pop(event["instance"])
        self.recording.ended += event["process"] == Process.CORONA_CARE
        self._instances[case] -= 1
        # a call with a message to the patient may outlive the case
        if not self._instances[case]:
            del self._instances[case], self._patients[case]
            self._requested_ms.pop(case, None)

    def _on_job_create(self, event: Event) -> None:
        self._jobs[event["id"]] = event
        self._at(event["due"], partial(self._fire, event["id"]))

    def _on_job_delete(self, event: Event) -> None:
        self._jobs.pop(event["id"], None)

    def _fire(self, job_id: str) -> None:
        job = self._jobs.pop(job_id, None)
        if job is None:
            return
        self._do({"do": "job", "id": job_id})
        # a timeout listener of a patient's task offers it to the contact tracers
        for task in list(self._tasks.values()):
            if task.instance == job["instance"] and task.element == job["element"]:
                self._offer_to_tracers(task)

    def _offer_to_tracers(self, task: Task) -> None:
        if self.diagrams.user_tasks[task.element].role is None and task.id not in self._pools[TRACERS].queue:
            self._add_to_pool(TRACERS, task)

    def _on_task_create(self, event: Event) -> None:
        task = Task(
            event["id"],
            event["element"],
            event["instance"],
            self._cases[event["instance"]],
            event["priority"],
            follow_up_ms=event["follow_up"],
        )
        self._tasks[task.id] = task
        known = self.diagrams.user_tasks[task.element]
        if known.form == REQUESTED:
            self._requested_ms[task.case] = self.now_ms
        if known.role is None:
            self._wait_for_patient(task, known)
        elif task.follow_up_ms and task.follow_up_ms > self.now_ms:
            self._at(task.follow_up_ms, partial(self._add_to_pool, known.role, task))
        else:
            self._add_to_pool(known.role, task)

    def _on_task_update(self, event: Event) -> None:
        if task := self._tasks.get(event["id"]):
            task.priority = event["priority"]
            for pool in self._pools.values():
                pool.queue.set_priority(task.id, task.priority)

    def _on_task_complete(self, event: Event) -> None:
        self._close_task(event["id"])

    def _on_task_delete(self, event: Event) -> None:
        self._close_task(event["id"])

    def _close_task(self, task_id: str) -> None:
        self._tasks.pop(task_id, None)
        for pool in self._pools.values():
            # the wait ended without work
            if request := pool.queue.remove(task_id):
                self._record(pool.name, request, None, self.now_ms)

    def _on_external_create(self, event: Event) -> None:
        case = self._cases[event["instance"]]
        task = Task(
            event["id"],
            event["element"],
            event["instance"],
            case,
            topic=event["topic"],
            variables=event.get("variables", {}),
        )
        patient = self._patients[case]
        try:
            values = self._find_effect(task, patient)
        except BpmnError as error:
            self._do({"do": "error", "id": task.id, "code": str(error)})
            return
        self._do({"do": "external", "id": task.id, "values": to_typed(values)})
        if task.topic in NOTICES and patient.channel == TELEPHONE:
            self._call_patient(task)
        if task.topic == PUBLISHED and case in self._requested_ms:
            self.recording.waits[JOURNEY].append(Wait(self._requested_ms.pop(case), self.now_ms, self.now_ms))

    def _find_effect(self, task: Task, patient: Patient) -> dict[str, Any]:
        if task.topic in EFFECTS:
            return EFFECTS[task.topic](self, task, patient)
        if answers := self.scenario.answers.get(task.topic):
            return _draw_answer(patient, task.topic, answers)
        if task.topic not in SILENT | NOTICES:
            self.recording.unmodelled.add(task.topic)
        return {}

    def _call_patient(self, task: Task) -> None:
        values = {"notice_key": task.id, "notice_text": "simulated", "most_calls": self.policy["most_calls"]}
        command = {"do": "start", "id": Process.TELL_BY_TELEPHONE, "case": task.case, "values": to_typed(values)}
        self._do(command)

    # patients and staff

    def _wait_for_patient(self, task: Task, known: UserTask) -> None:
        patient = self._patients[task.case]
        if patient.channel == TELEPHONE and known.form != BEFORE_CHANNEL:
            self._add_to_pool(TRACERS, task)
            return
        number = patient.answered.get(known.form, 0)
        silent = self.parameters.shares.get(f"silent_{known.form}")
        if silent and draw_value(patient.draw.at(f"silent_{known.form}", number), silent) == "yes":
            return
        spread = self.parameters.delays.get(known.form)
        delay = draw_minutes(patient.draw.at(f"delay_{known.form}", number), spread) if spread else 0
        self._at(self.now_ms + round(delay * MINUTE_MS), partial(self._answer, task))

    def _answer(self, task: Task) -> None:
        """Complete a user task with the answers of its form; nothing if it has ended meanwhile."""
        if task.id not in self._tasks:
            return
        known, patient = self.diagrams.user_tasks[task.element], self._patients[task.case]
        if answers := self.scenario.answers.get(task.element):
            values = _draw_answer(patient, task.element, answers)
        else:
            key = known.id if known.id in FORMS else known.form
            values = answer_form(key, patient, self.now)
            if key not in FORMS:
                self.recording.unmodelled.add(known.id)
        self._do({"do": "task", "id": task.id, "values": to_typed(values)})

    def _add_to_pool(self, role: str, task: Task) -> None:
        if task.id not in self._tasks:
            return
        pool = self._pools.setdefault(role, Pool(role))
        self.recording.roles[task.element] = role
        pool.queue.add(Request(task.id, task.element, task.case, task.priority, self.now_ms))
        self._start_work(pool)

    def _start_work(self, pool: Pool) -> None:
        while len(pool.queue) and pool.has_capacity(self.now):
            request = pool.queue.pop()
            request.started_ms = self.now_ms
            pool.in_use += 1
            length = self._length_ms(pool, request)
            pool.busy_ms += length
            self._at(self.now_ms + length, partial(self._end_work, pool, request))

    def _length_ms(self, pool: Pool, request: Request) -> int:
        if pool.name == LABORATORY:
            return round(self._tests[request.id].hours * HOUR_MS)
        known, patient = self.diagrams.user_tasks[request.step], self._patients[request.case]
        spread = self.parameters.minutes.get(known.id) or self.parameters.minutes.get(known.form)
        if spread is None:
            self.recording.unmodelled.add(known.id)
            return 0
        number = patient.answered.get(known.form, 0)
        return round(draw_minutes(patient.draw.at(f"work_{known.id}", number), spread) * MINUTE_MS)

    def _end_work(self, pool: Pool, request: Request) -> None:
        pool.in_use -= 1
        self._record(pool.name, request, request.started_ms, self.now_ms)
        if pool.name == LABORATORY:
            self._report_result(request)
        elif task := self._tasks.get(request.id):
            self._answer(task)
        self._start_work(pool)

    # laboratory

    def reserve_kit(self, task: Task) -> bool:
        """Reserve a kit for a sample; returns False if it must wait for one."""
        request_id = self._sample_key(task)
        request = Request(
            request_id,
            EventBasedGateway.WAIT_FOR_KIT,
            task.case,
            task.variables["testing_priority"],
            self.now_ms,
        )
        if request_id not in self._kits.reserved and request_id not in self._kits.queue:
            self.recording.kits_requested += 1
        is_known = request_id in self._kits.reserved
        if self._kits.reserve(request):
            if not is_known:
                self._record_kit(request)
            return True
        self._waiting_for_kit[request_id] = task.instance
        return False

    def release_sample(self, task: Task, is_kit_used: bool) -> None:
        request_id = self._sample_key(task)
        self._kits.queue.remove(request_id)
        self._waiting_for_kit.pop(request_id, None)
        if request_id in self._kits.reserved and not is_kit_used:
            self._kits.reserved.discard(request_id)
            self._deliver(1)

    def _sample_key(self, task: Task) -> str:
        return f"{task.case}/{task.variables['sample_number']}"

    def _record_kit(self, request: Request) -> None:
        self._record(KITS, request, self.now_ms, self.now_ms)

    def order_test(self, task: Task, patient: Patient) -> str:
        """Order the test of a sample; returns the order's id."""
        order_id = task.id
        result = patient.pick("lab_result", patient.count_answer("lab_result"))
        shortest, longest = self.scenario.laboratory.turnaround_hours
        hours = patient.draw.at("turnaround", task.variables["sample_number"]).uniform(shortest, longest)
        test = Test(
            order_id,
            task.variables["sample_barcode"],
            task.case,
            task.instance,
            patient,
            None if result == LOST else result,
            hours,
        )
        self._tests[order_id] = test
        if test.result is not None:
            self._add_to_bench(test, task.variables["testing_priority"])
        return order_id

    def _add_to_bench(self, test: Test, priority: int) -> None:
        step = ReceiveTask.WAIT_FOR_TEST_RESULT
        self.recording.roles[step] = LABORATORY
        pool = self._pools[LABORATORY]
        pool.queue.add(Request(test.id, step, test.case, priority, self.now_ms))
        self._at(self.now_ms, partial(self._start_work, pool))

    def chase_test(self, order_id: str) -> None:
        """Put a test before the others; a lost sample turns up, and is tested."""
        test = self._tests.get(order_id)
        if test and test.result is None:
            number = test.patient.count_answer("lab_result")
            found = test.patient.pick("lab_result", number)
            test.result = "negative" if found == LOST else found
            self._add_to_bench(test, INQUIRY_PRIORITY_INCREASE)
        else:
            self._pools[LABORATORY].queue.raise_priority(order_id, INQUIRY_PRIORITY_INCREASE)

    def _report_result(self, request: Request) -> None:
        test = self._tests.pop(request.id)
        if test.instance not in self._cases:
            # given up after policy.result_given_up_after
            return
        test.patient.lab_result = test.result
        values = {"lab_result": test.result, "lab_result_id": int(test.id), "lab_result_barcode": test.barcode}
        name = Message.LAB_RESULT_RECEIVED
        self._do({"do": "message", "id": test.instance, "name": name, "values": to_typed(values)})

    # records

    def _record(self, role: str, request: Request, started_ms: int | None, ended_ms: int | None) -> None:
        self.recording.roles[request.step] = role
        self.recording.waits[request.step].append(Wait(request.ready_ms, started_ms, ended_ms))

    def _close(self) -> None:
        """Record the waits that hadn't ended, and how the resources were used."""
        self.now_ms = self.recording.end_ms
        waiting = [(pool.name, request) for pool in self._pools.values() for request in pool.queue]
        for role, request in (*waiting, *((KITS, request) for request in self._kits.queue)):
            self._record(role, request, None, None)
        for since in self._requested_ms.values():
            self.recording.waits[JOURNEY].append(Wait(since, None, None))
        for pool in self._pools.values():
            usage = self.recording.usage[pool.name]
            usage.busy_ms = pool.busy_ms
            usage.available_ms = pool.available_ms_per_day() * self.scenario.days
            usage.needed_ms = pool.busy_ms + sum(self._length_ms(pool, request) for request in pool.queue)
        self.recording.kits_granted = self._kits.granted
        self.recording.kits_empty_ms = self._kits.first_empty_ms
        self._progress(1)


def _draw_answer(patient: Patient, step: str, answers: Iterable[Answer]) -> dict[str, Any]:
    shares = list(answers)
    chance = patient.draw.at(step, patient.count_answer(step))
    return dict(chance.choices(shares, [each.share for each in shares])[0].values)


def _to_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _hour_ms(hour: str) -> int:
    return int(hour[:2]) * HOUR_MS + int(hour[3:]) * MINUTE_MS
