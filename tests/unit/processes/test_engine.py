"""Errors for each error answer of the engine; the bodies were recorded from real answers."""

from __future__ import annotations

import json

import pytest

from camunda7.engine import (
    Conflict,
    DuplicateRequest,
    EngineError,
    EngineRefused,
    EngineUnavailable,
    NotFound,
    refuse_errors,
)
from processes.engine import Engine
from tests.support.http_server import Call, Reply, http_server

LOCKED = {"type": "OptimisticLockingException", "message": "ENGINE-03005 Execution of 'UPDATE …' failed", "code": 1}
# answer of POST /job/{id}/execute, with status 404
JOB_LOCKED = {
    "type": "InvalidRequestException",
    "message": "ENGINE-03005 Execution of 'UPDATE ExecutionEntity[f2a8]' failed. Entity was updated by another "
    "transaction concurrently.",
    "code": None,
}
DEADLOCK = {"type": "ProcessEngineException", "message": "ENGINE-03083 …", "code": 10000}
# PostgreSQL checks the foreign keys of a row that another transaction has deleted
FOREIGN_KEY = {"type": "ProcessEnginePersistenceException", "message": "ENGINE-03004 …", "code": 10001}
DELETED = {
    "type": "RestException",
    "message": "Cannot submit task form 9c7d: ENGINE-03077 Cannot resolve parent with id '9c25' of execution '9c7c', "
    "perhaps it was deleted in the meantime",
    "code": 0,
}
NO_SUBSCRIPTION = {
    "type": "ProcessEngineException",
    "message": "Execution with id '602c' does not have a subscription to a message event with name 'case_withdrawn': "
    "eventSubscriptions is empty",
    "code": 0,
}
WITHOUT_PARENT = {
    "type": "NullPointerException",
    "message": 'Cannot invoke "org.camunda.bpm.engine.impl.pvm.runtime.PvmExecutionImpl.x()" because the return value '
    'of "org.camunda.bpm.engine.impl.pvm.runtime.PvmExecutionImpl.getParent()" is null',
    "code": None,
}
WITHOUT_DEFINITION = {
    "type": "RestException",
    "message": "Cannot submit task form 9c7d: Invalid process definition id: processDefinitionId is null",
    "code": 0,
}
DUPLICATE = {"type": "RestException", "message": "Cannot instantiate …: this was done before", "code": 20002}
DATABASE_UNAVAILABLE = {
    "type": "RestException",
    "message": "Cannot submit task form 9c7d: An exception occurred in the persistence layer.",
    "code": 20001,
}


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (500, LOCKED, Conflict),
        (404, JOB_LOCKED, Conflict),
        (500, DEADLOCK, Conflict),
        (500, FOREIGN_KEY, Conflict),
        (500, DELETED, Conflict),
        (500, NO_SUBSCRIPTION, Conflict),
        (500, WITHOUT_PARENT, Conflict),
        (500, WITHOUT_DEFINITION, Conflict),
        (500, {"type": "NullPointerException", "message": None, "code": None}, EngineRefused),
        (500, {"type": "RestException", "message": "Unknown property used in expression", "code": 0}, EngineRefused),
        (400, {"type": "MismatchingMessageCorrelationException", "message": "x", "code": 0}, EngineRefused),
        (404, {"type": "InvalidRequestException", "message": "No matching task", "code": 0}, NotFound),
        (503, {}, EngineUnavailable),
        (500, DUPLICATE, DuplicateRequest),
        (500, DATABASE_UNAVAILABLE, EngineUnavailable),
        (500, "<html>", EngineUnavailable),
        (500, {"timestamp": "2020-03-20T00:00:00Z", "status": 500, "error": "x", "path": "/x"}, EngineUnavailable),
    ],
)
def test_the_error_for_an_answer(status: int, body: dict | str, error: type[EngineError]) -> None:
    content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
    with pytest.raises(EngineError) as raised:
        refuse_errors("POST /task/9c7d/submit-form", status, content)
    assert type(raised.value) is error
    assert str(raised.value).startswith(f"POST /task/9c7d/submit-form: {status}")


def test_a_message_to_a_deleted_execution_is_a_conflict_and_a_form_of_a_deleted_task_is_refused() -> None:
    null_value = json.dumps({"type": "NullValueException", "message": "x is null", "code": 0}).encode()
    with pytest.raises(Conflict):
        refuse_errors("POST /message", 500, null_value)
    with pytest.raises(EngineRefused):
        refuse_errors("POST /task/9c7d/submit-form", 500, null_value)


def test_a_duplicate_request_is_a_success() -> None:
    keys = []

    def reply(call: Call) -> Reply:
        keys.append(call.headers["Idempotency-Key"])
        return Reply(500, json.dumps(DUPLICATE).encode())

    with http_server(reply) as url:
        engine = Engine(url, "webapp", "planted-by-a-test")
        engine.start("corona_care", "C-1", {}, key="C-1")
        engine.correlate("symptoms_worsened", "C-1", {}, key="C-1/worse/1")
    assert keys == ["corona_care/C-1", "symptoms_worsened/C-1/worse/1"]
