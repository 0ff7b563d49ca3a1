"""A handler as the README of camunda-external-task-client-python3 has it runs unchanged."""

from __future__ import annotations

from typing import Any

from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.worker import topic
from tests.support.case import eventually
from tests.support.work import Work
from tests.support.working import working


def handle_task(task: ExternalTask) -> TaskResult:
    """The README's example: success, BPMN error and failure by what the task's variables say."""
    failure, bpmn_error = task.get_variable("failure"), task.get_variable("bpmn_error")
    if failure:
        return task.failure(
            error_message="task failed", error_details="failed task details", max_retries=3, retry_timeout=5000
        )
    if bpmn_error:
        return task.bpmn_error(
            error_code="BPMN_ERROR_CODE", error_message="BPMN Error occurred", variables={"var1": "value1"}
        )
    return task.complete({"var1": 1, "var2": "value"})


def variables_of(work: Work, instance: str) -> dict[str, Any]:
    found = work.engine.get("/history/variable-instance", processInstanceId=instance)
    return {variable["name"]: variable["value"] for variable in found}


def test_it_completes_and_fails_as_with_the_library(work: Work) -> None:
    done, failed = work.starts(), work.starts(failure=True)
    instance = work.task(done[0])["processInstanceId"]
    with working(**work.worker, functions=[topic(work.topic)(handle_task)]):
        eventually(lambda: work.left() == 1 and work.deliveries("failureLog"))
    assert {"var1": 1, "var2": "value"}.items() <= variables_of(work, instance).items()
    task = work.task(failed[0])
    assert (task["errorMessage"], task["retries"]) == ("task failed", 3)
    assert work.engine.get(f"/external-task/{failed[0]}/errorDetails") == "failed task details"
    # its properties, its key and its topic are there, too
    seen: dict[str, Any] = {}

    def look(task: ExternalTask) -> TaskResult:
        seen.update(key=task.get_business_key(), topic=task.get_topic_name(), **task.get_extension_properties())
        return task.complete()

    work.starts()
    with working(**work.worker, functions=[topic(work.topic)(look)]):
        eventually(lambda: seen)
    assert seen == {"key": work.reference, "topic": work.topic, "colour": "red"}
