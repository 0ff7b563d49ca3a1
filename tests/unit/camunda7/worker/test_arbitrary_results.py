"""A `TaskResult` with arbitrary arguments is reported in a form that the engine accepts."""

from __future__ import annotations

import json
import logging
from datetime import date, datetime
from typing import Any

import pytest
from camunda.external_task.external_task import ExternalTask, TaskResult
from hypothesis import example, given, settings
from hypothesis import strategies as st

from camunda7.outages import Outage
from camunda7.variables import is_storable_text
from camunda7.worker import topic
from camunda7.worker.library_handlers import MAX_RETRIES
from camunda7.worker.outcomes import run_handler
from camunda7.worker.tasks import Task
from tests.support.tier import rounds

ANY_VALUE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(
        [2**31, 2**63, -1, 10**5000, 1e400, "x" * 4001, "\0", "\ud800", object(), date.today(), datetime.now()]
    ),
    st.floats(),
    st.text(),
    st.binary(),
    st.lists(st.integers()),
    st.sets(st.integers()),
    st.dictionaries(st.one_of(st.text(), st.integers(), st.none(), st.binary()), st.floats()),
    st.dictionaries(st.just("value"), st.one_of(st.floats(), st.binary(), st.text())),
)
VARIABLES = st.one_of(ANY_VALUE, st.dictionaries(st.one_of(st.text(), st.integers(), st.none()), ANY_VALUE, max_size=2))
ARGUMENTS = st.fixed_dictionaries(
    {},
    optional={
        "success": ANY_VALUE,
        "global_variables": VARIABLES,
        "local_variables": VARIABLES,
        "bpmn_error_code": ANY_VALUE,
        "error_message": ANY_VALUE,
        "error_details": ANY_VALUE,
        "retries": ANY_VALUE,
        "retry_timeout": ANY_VALUE,
    },
)


@pytest.mark.slow
@settings(max_examples=rounds(test=300, verify=20_000), deadline=None)
@given(arguments=ARGUMENTS, retries=st.sampled_from([None, 1, 2, 5]))
@example(arguments={"error_message": "m", "retries": 3, "retry_timeout": -1}, retries=None)
@example(arguments={"error_message": "m", "retries": 2**31}, retries=None)
@example(arguments={"error_message": "m", "retries": 7, "retry_timeout": 0}, retries=2)
@example(arguments={"success": True, "global_variables": {"x": float("nan")}}, retries=None)
@example(arguments={"success": True, "global_variables": {"x": {"value": 10**5000}}}, retries=None)
def test_any_result_is_reported_as_json_that_the_engine_accepts(arguments: dict[str, Any], retries: int | None) -> None:
    @topic("a.topic")
    def handle(task: ExternalTask) -> TaskResult:
        return TaskResult(task, **arguments)

    raw = {"id": "1", "topicName": "a.topic", "retries": retries, "variables": {}}
    report = run_handler(Task(raw, 0), handle.handler, {}, Outage("a.topic", logging.getLogger("tests")))
    assert report
    json.dumps(report.arguments, allow_nan=False)
    if report.method == "complete":
        assert all(isinstance(name, str) for variables in report.arguments for name in variables)
    else:
        assert all(is_storable_text(text) for text in report.arguments[:2] if text is not None)
    if report.method == "failure":
        remaining, pause_ms = report.arguments[2:]
        assert 0 <= remaining <= min(MAX_RETRIES, MAX_RETRIES if retries is None else retries - 1)
        assert pause_ms >= 0
