"""The time lapse: a discrete-event simulation around an engine that runs the real diagrams, decisions and forms.

The engine decides which way a case goes; the facility decides how long it waits. The calendar has the engine's timers
by their due date, beside arrivals, ends of work and deliveries.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from processes.cases import initial_values
from processes.elements import EventBasedGateway, Message, Process, ReceiveTask
from simulation.answers import FORMS, Patient, answer_form, answer_pre_screening, create_patient
from simulation.diagrams import Diagrams, UserTask
from simulation.effects import EFFECTS, NOTICES, READS, SILENT, BpmnError, Task
from simulation.engine_host import Command, EngineHost, Event, to_typed
from simulation.facility import LABORATORY, Facility
from simulation.parameters import Parameters, draw_minutes, draw_value
from simulation.recording import JOURNEY, Recording, Wait
from simulation.resources import HOUR_MS, MINUTE_MS, Request
from simulation.scenario import Answer, Scenario

TRACERS = "contact-tracers"
TELEPHONE = "telephone"
# as services/lab: an inquiry puts a test before all others
INQUIRY_PRIORITY_INCREASE = 100
LOST = "lost"
# form that is sent before the patient has chosen calls: a contact tracer fills in the others
BEFORE_CHANNEL = "evaluation_request"
REQUESTED, PUBLISHED = "medical_form", "lab.tell_result"
# seconds between two calls of `progress`
PROGRESS_INTERVAL_S = 0.5


@dataclass
class Test:
    """A test that was ordered.

    Attributes:
        id: of the order.
        result: None if the laboratory loses the sample.
    """

    id: str
    barcode: str
    case: str
    instance: str
    patient: Patient
    result: str | None
    work_ms: int


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
        self._zone_name, self._progress = zone, progress
        self._seed = scenario.seed * 1000 + number
        self.facility = Facility(scenario, parameters, zone, self._seed)
        self.recording = self.facility.recording
        self._commands: list[Command] = []
        self._tasks: dict[str, Task] = {}
        self._jobs: dict[str, Event] = {}
        self._cases: dict[str, str] = {}
        self._instances: Counter[str] = Counter()
        self._patients: dict[str, Patient] = {}
        self._tests: dict[str, Test] = {}
        self._requested_ms: dict[str, int] = {}

    @property
    def zone(self) -> ZoneInfo:
        return self.facility.zone

    @property
    def now(self) -> datetime:
        return self.facility.now

    def moment(self, milliseconds: int) -> datetime:
        return self.facility.moment(milliseconds)

    def run(self, engine: EngineHost) -> Recording:
        """Run the scenario to its end.

        Raises:
            SimulationFailed: the engine refuses a step.
        """
        start, end, reported_s = self.recording.start_ms, self.recording.end_ms, time.monotonic()
        engine.begin(self._zone_name, self._seed, self.diagrams.files, READS)
        self.facility.plan(self._arrive)
        while self.facility.calendar.advance(end):
            self._execute(engine)
            if time.monotonic() > reported_s + PROGRESS_INTERVAL_S:
                self._progress((self.facility.now_ms - start) / (end - start))
                reported_s = time.monotonic()
        self._close()
        return self.recording

    def _execute(self, engine: EngineHost) -> None:
        """Execute the commands of an action, and those that follow from them at the same time."""
        while self._commands:
            commands, self._commands = self._commands, []
            for event in engine.execute(self.facility.now_ms, commands):
                self._handle(event)

    def _arrive(self, case: str) -> None:
        patient = create_patient(case, self.parameters, self._seed, self.now)
        self._patients[case] = patient
        values = initial_values(answer_pre_screening(patient, self.now), self.policy, language="en")
        self._do({"do": "start", "id": Process.CORONA_CARE, "case": case, "values": to_typed(values)})

    def _do(self, command: Command) -> None:
        self._commands.append(command)

    # what the engine reports

    def _handle(self, event: Event) -> None:
        handler = HANDLERS.get(event["kind"])
        if handler:
            handler(self, event)

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
        self.facility.calendar.add(event["due"], partial(self._fire, event["id"]))

    def _on_job_delete(self, event: Event) -> None:
        self._jobs.pop(event["id"], None)

    def _fire(self, job_id: str) -> None:
        job = self._jobs.pop(job_id, None)
        if job is None:
            return
        self._do({"do": "job", "id": job_id})
        # a timeout listener of a patient's task offers it to the contact tracers
        for task in list(self._tasks.values()) if job["element"] in self.diagrams.user_tasks else ():
            if task.instance == job["instance"] and task.element == job["element"]:
                self._offer_to_tracers(task)

    def _offer_to_tracers(self, task: Task) -> None:
        is_patients = self.diagrams.user_tasks[task.element].role is None
        if is_patients and not self.facility.has(TRACERS, task.id):
            self._submit(TRACERS, task)

    def _on_task_create(self, event: Event) -> None:
        case = self._cases[event["instance"]]
        task = Task(event["id"], event["element"], event["instance"], case, event["priority"])
        self._tasks[task.id] = task
        known = self.diagrams.user_tasks[task.element]
        if known.form == REQUESTED:
            self._requested_ms[case] = self.facility.now_ms
        if known.role is None:
            self._wait_for_patient(task, known)
        else:
            # a call that was missed is repeated at the time of the follow-up
            self.facility.calendar.add(event["follow_up"] or 0, partial(self._submit, known.role, task))

    def _on_task_update(self, event: Event) -> None:
        if event["id"] in self._tasks:
            self._tasks[event["id"]].priority = event["priority"]
            self.facility.set_priority(event["id"], event["priority"])

    def _on_task_end(self, event: Event) -> None:
        if self._tasks.pop(event["id"], None):
            self.facility.withdraw(event["id"])

    def _on_external_create(self, event: Event) -> None:
        case = self._cases[event["instance"]]
        variables = event.get("variables", {})
        task = Task(event["id"], event["element"], event["instance"], case, 0, event["topic"], variables)
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
            self._record_journey(case, self._requested_ms.pop(case), self.facility.now_ms)

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
            self._submit(TRACERS, task)
            return
        number = patient.answered.get(known.form, 0)
        silent = self.parameters.shares.get(f"silent_{known.form}")
        if silent and draw_value(patient.draw.at(f"silent_{known.form}", number), silent) == "yes":
            return
        spread = self.parameters.delays.get(known.form)
        delay = draw_minutes(patient.draw.at(f"delay_{known.form}", number), spread) if spread else 0
        self.facility.calendar.add(self.facility.now_ms + round(delay * MINUTE_MS), partial(self._answer, task))

    def _answer(self, task: Task) -> None:
        """Complete a user task with the answers of its form; nothing if it has ended."""
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

    def _submit(self, role: str, task: Task) -> None:
        """Have a task wait for staff; nothing if it has ended."""
        if task.id not in self._tasks:
            return
        work_ms = self._draw_work(task)
        self.facility.submit(
            role, Request(task.id, task.element, task.case, task.priority, work_ms, partial(self._answer, task))
        )

    def _draw_work(self, task: Task) -> int:
        known, patient = self.diagrams.user_tasks[task.element], self._patients[task.case]
        spread = self.parameters.minutes.get(known.id) or self.parameters.minutes.get(known.form)
        if spread is None:
            self.recording.unmodelled.add(known.id)
            return 0
        number = patient.answered.get(known.form, 0)
        return round(draw_minutes(patient.draw.at(f"work_{known.id}", number), spread) * MINUTE_MS)

    # laboratory

    def reserve_kit(self, task: Task) -> bool:
        """Reserve a kit for a sample; returns False if it must wait for one."""
        sample, instance = _sample_key(task), task.instance
        if sample in self.facility.kits.reserved:
            return True
        message = {"do": "message", "id": instance, "name": Message.KIT_GRANTED}
        priority = task.variables["testing_priority"]
        step = EventBasedGateway.WAIT_FOR_KIT
        return self.facility.reserve_kit(Request(sample, step, task.case, priority, 0, partial(self._do, message)))

    def release_sample(self, task: Task, is_kit_used: bool) -> None:
        """Return the unused kit of a sample to the stock."""
        kits, sample = self.facility.kits, _sample_key(task)
        kits.queue.remove(sample)
        if sample in kits.reserved and not is_kit_used:
            kits.reserved.discard(sample)
            self.facility.add_kits(1)

    def order_test(self, task: Task, patient: Patient) -> str:
        """Order the test of a sample; returns the order's id."""
        number, barcode = task.variables["sample_number"], task.variables["sample_barcode"]
        result = patient.pick("lab_result", patient.count_answer("lab_result"))
        hours = patient.draw.at("turnaround", number).uniform(*self.scenario.laboratory.turnaround_hours)
        found = None if result == LOST else result
        test = Test(task.id, barcode, task.case, task.instance, patient, found, round(hours * HOUR_MS))
        self._tests[test.id] = test
        if found is not None:
            self._start_test(test, task.variables["testing_priority"])
        return test.id

    def _start_test(self, test: Test, priority: int) -> None:
        step = ReceiveTask.WAIT_FOR_TEST_RESULT
        on_end = partial(self._report_result, test)
        self.facility.submit(LABORATORY, Request(test.id, step, test.case, priority, test.work_ms, on_end))

    def chase_test(self, order_id: str) -> None:
        """Put a test before the others; a lost sample turns up, and is tested."""
        test = self._tests.get(order_id)
        if test and test.result is None:
            found = test.patient.pick("lab_result", test.patient.count_answer("lab_result"))
            test.result = "negative" if found == LOST else found
            self._start_test(test, INQUIRY_PRIORITY_INCREASE)
        else:
            self.facility.pools[LABORATORY].queue.raise_priority(order_id, INQUIRY_PRIORITY_INCREASE)

    def _report_result(self, test: Test) -> None:
        del self._tests[test.id]
        if test.instance not in self._cases:
            # given up after policy.result_given_up_after
            return
        test.patient.lab_result = test.result
        values = {"lab_result": test.result, "lab_result_id": int(test.id), "lab_result_barcode": test.barcode}
        name = Message.LAB_RESULT_RECEIVED
        self._do({"do": "message", "id": test.instance, "name": name, "values": to_typed(values)})

    def _record_journey(self, case: str, since_ms: int, until_ms: int | None) -> None:
        self.recording.waits[JOURNEY].append(Wait(since_ms, until_ms, until_ms, case))

    def _close(self) -> None:
        self.facility.close()
        for case, since_ms in self._requested_ms.items():
            self._record_journey(case, since_ms, None)
        self._progress(1)


HANDLERS: Mapping[str, Callable[[TimeLapse, Event], None]] = {
    "instance-start": TimeLapse._on_instance_start,
    "instance-end": TimeLapse._on_instance_end,
    "job-create": TimeLapse._on_job_create,
    "job-delete": TimeLapse._on_job_delete,
    "task-create": TimeLapse._on_task_create,
    "task-update": TimeLapse._on_task_update,
    "task-complete": TimeLapse._on_task_end,
    "task-delete": TimeLapse._on_task_end,
    "external-create": TimeLapse._on_external_create,
}


def _sample_key(task: Task) -> str:
    return f"{task.case}/{task.variables['sample_number']}"


def _draw_answer(patient: Patient, step: str, answers: Iterable[Answer]) -> dict[str, Any]:
    shares = list(answers)
    chance = patient.draw.at(step, patient.count_answer(step))
    return dict(chance.choices(shares, [each.share for each in shares])[0].values)
