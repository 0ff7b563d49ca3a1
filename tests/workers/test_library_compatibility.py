"""A handler written for camunda-external-task-client-python3, as in its README, runs unchanged."""

from __future__ import annotations

from typing import Any

from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.worker import topic
from tests.support.case import eventually
from tests.support.external_tasks import ExternalTasks
from tests.support.running_worker import running_worker


def handle_task(task: ExternalTask) -> TaskResult:
    """The README's example: complete, BPMN error or failure, depending on the task's variables."""
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


def variables_of(work: ExternalTasks, instance: str) -> dict[str, Any]:
    found = work.engine.get("/history/variable-instance", processInstanceId=instance)
    return {variable["name"]: variable["value"] for variable in found}


def test_the_librarys_example_handler_completes_and_fails_tasks(work: ExternalTasks) -> None:
    done, failed = work.start(), work.start(failure=True)
    instance = work.task(done[0])["processInstanceId"]
    with running_worker(**work.worker, functions=[topic(work.topic)(handle_task)]):
        eventually(lambda: work.count_open() == 1 and work.failures())
    assert {"var1": 1, "var2": "value"}.items() <= variables_of(work, instance).items()
    task = work.task(failed[0])
    assert (task["errorMessage"], task["retries"]) == ("task failed", 3)
    assert work.engine.get(f"/external-task/{failed[0]}/errorDetails") == "failed task details"
    # the extension properties, the business key and the topic are available, too
    seen: dict[str, Any] = {}

    def inspect_task(task: ExternalTask) -> TaskResult:
        seen.update(key=task.get_business_key(), topic=task.get_topic_name(), **task.get_extension_properties())
        return task.complete()

    work.start()
    with running_worker(**work.worker, functions=[topic(work.topic)(inspect_task)]):
        eventually(lambda: seen)
    assert seen == {"key": work.reference, "topic": work.topic, "colour": "red"}
