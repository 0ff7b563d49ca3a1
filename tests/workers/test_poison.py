"""A task that can't be read, or whose result the engine refuses, becomes an incident; all others are executed."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.worker import Retry, topic
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.running_worker import running_worker

QUICK = Retry(attempts=2, first="50ms", most="50ms")


def object_variable(
    value: str, name: str = "java.util.ArrayList", data_format: str = "application/json"
) -> dict[str, Any]:
    info = {"objectTypeName": name, "serializationDataFormat": data_format}
    return {"value": value, "type": "Object", "valueInfo": info}


POISON = {
    "an unknown class": object_variable("{}", "no.such.Class"),
    "broken JSON of an object": object_variable("{SECRET"),
    "JSON of another type": object_variable('"SECRET"'),
    "an unknown format": object_variable("SECRET", data_format="application/unknown"),
    "broken JSON": {"value": "{SECRET", "type": "Json"},
    "JSON nested too deep": {"value": "[" * 20_000, "type": "Json"},
}


def test_an_unreadable_task_becomes_an_incident_and_others_are_executed(work: ExternalTasks) -> None:
    done: list[str] = []

    @topic(work.topic)
    def handle(task: ExternalTask) -> TaskResult:
        done.append(task.get_task_id())
        return task.complete()

    def start(variable: dict[str, Any]) -> str:
        body = {"businessKey": work.reference, "variables": {"topic": {"value": work.topic}, "odd": variable}}
        body["variables"]["priority"] = {"value": 50}
        instance = work.engine.post("/process-definition/key/runtime_work/start", body)["id"]
        return work.engine.get("/external-task", processInstanceId=instance)[0]["id"]

    poisoned = [start(variable) for variable in POISON.values()]
    good = work.start(5)
    with running_worker(**work.worker, functions=[handle], long_poll_s=1):
        eventually(lambda: sorted(done) == sorted(good) and work.count_open() == len(poisoned))
        later = work.start(3)
        eventually(lambda: set(later) <= set(done))
    messages = {
        incident["configuration"]: incident["incidentMessage"] for incident in incidents_of_tasks(work, poisoned)
    }
    assert set(messages) == set(poisoned)
    assert {work.task(task)["retries"] for task in poisoned} == {0}
    assert all(message.startswith("The task can't be read: variable odd: ") for message in messages.values())
    assert "SECRET" not in str(messages)


def incidents_of_tasks(work: ExternalTasks, tasks: list[str]) -> list[dict[str, Any]]:
    found = work.engine.get("/incident", incidentType="failedExternalTask")
    return [incident for incident in found if incident["configuration"] in tasks]


def test_an_extension_property_without_a_name_is_ignored(work: ExternalTasks) -> None:
    seen: list[dict[str, str]] = []

    @topic(work.topic)
    def handle(task: ExternalTask) -> TaskResult:
        seen.append(task.get_extension_properties())
        return task.complete()

    work.start(process="runtime_unnamed_property")
    with running_worker(**work.worker, functions=[handle], long_poll_s=1):
        eventually(lambda: work.count_open() == 0)
    assert seen == [{"colour": "red"}]


MOMENT = datetime(2022, 2, 7, 11, 47, 40, 934_000, UTC)
ODD_RESULTS: list[Callable[[ExternalTask], Any]] = [
    lambda task: task.complete({"a": {"value": "2022-02-07T11:47:40.934Z", "type": "Date"}}),
    lambda task: task.complete({"a": {"value": "x", "type": "Integer"}}),
    lambda task: task.complete({"a": {"value": 2**31, "type": "Integer"}}),
    lambda task: task.complete({"a": {"value": 2**63, "type": "Long"}}),
    lambda task: task.complete({"a": {"value": 1, "type": "Unknown"}}),
    lambda task: task.complete({"a": {"value": 1, "type": []}}),
    lambda task: task.complete({"a": {"value": 1, "type": "String", "valueInfo": 3}}),
    lambda task: task.complete({"a": {"value": "{}", "type": "Object"}}),
    lambda task: task.complete({"a": {"value": "%", "type": "Bytes"}}),
    lambda task: task.complete({"a": math.nan}),
    lambda task: task.complete({"a": math.inf}),
    lambda task: task.complete({"a": "x" * 4001}),
    lambda task: task.complete({"a": "\0"}),
    lambda task: task.complete({"a": "\ud800"}),
    lambda task: task.complete({"a\0": 1}),
    lambda task: task.complete({"a" * 256: 1}),
    lambda task: task.complete({1: 1}),
    lambda task: task.complete({None: 1}),
    lambda task: task.complete({"a": b"x"}),
    lambda task: task.complete({"a": {1}}),
    lambda task: task.complete({"a": MOMENT}),
    lambda task: task.complete({"a": {"value": "x" * 5_100_000, "type": "Json"}}),
    lambda task: task.complete([1]),
    lambda task: task.complete({}, {"a": math.nan}),
    lambda task: task.complete({}, "a"),
    lambda task: task.failure("m", {}, 1, 0),
    lambda task: task.failure("m", ["d"], 1, 0),
    lambda task: task.failure("m", 1, 1, 0),
    lambda task: task.failure({}, "d", 1, 0),
    lambda task: task.failure("m\0", "d\0", 1, 0),
    lambda task: task.failure("m" * 5000, "d" * 50_000, 1, 0),
    lambda task: TaskResult.failure(task, "m", "d", -1, 0),
    lambda task: TaskResult.failure(task, "m", "d", 1.5, 0),
    lambda task: TaskResult.failure(task, "m", "d", "2", 0),
    lambda task: TaskResult.failure(task, "m", "d", None, 0),
    lambda task: TaskResult.failure(task, "m", "d", True, 0),
    lambda task: TaskResult.failure(task, "m", "d", math.nan, 0),
    lambda task: TaskResult.failure(task, "m", "d", 2**31, 0),
    lambda task: TaskResult.failure(task, "m", "d", 1, -1),
    lambda task: TaskResult.failure(task, "m", "d", 1, None),
    lambda task: TaskResult.failure(task, "m", "d", 1, 2**62),
    lambda task: TaskResult.failure(task, "m", "d", 1, "5"),
    # retries stay at 1: unless attempts are counted, this never becomes an incident
    lambda task: TaskResult.failure(task, "m", "d", 1, 0),
    lambda task: task.bpmn_error("nothing_catches_it", "m"),
    lambda task: task.bpmn_error(1, "m"),
    lambda task: task.bpmn_error({"a": 1}, "m"),
    lambda task: task.bpmn_error("c\0", "m"),
    lambda task: task.bpmn_error("c" * 5000, "m"),
    lambda task: task.bpmn_error("c", {"a": 1}),
    lambda task: task.bpmn_error("c", "m", {"a": math.nan}),
    lambda task: task.bpmn_error("c", "m", {"a": {"value": "x", "type": "Integer"}}),
    lambda task: TaskResult(task),
    lambda task: TaskResult(task, success=True, error_message="m"),
    lambda task: None,
    lambda task: "done",
    lambda task: exit(1),
]


def test_each_odd_result_becomes_an_incident_after_at_most_two_attempts(work: ExternalTasks) -> None:
    runs: Counter[int] = Counter()

    @topic(work.topic, retry=QUICK)
    def handle(task: ExternalTask) -> Any:
        number = task.get_variable("number")
        runs[number] += 1
        return ODD_RESULTS[number](task)

    tasks = [work.start(number=number)[0] for number in range(len(ODD_RESULTS))]
    with running_worker(**work.worker, functions=[handle], slots=8, long_poll_s=1):
        eventually(lambda: len(incidents_of_tasks(work, tasks)) == len(tasks), lambda: str(runs), within_s=150)
    assert set(runs.values()) <= {1, 2}
    assert work.count_open() == len(tasks)
