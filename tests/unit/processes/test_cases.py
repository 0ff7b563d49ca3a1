"""A case is found while it runs and after its end; one that a corrected result reopens keeps what is still valid."""

from __future__ import annotations

from typing import Any

import pytest

from processes.cases import Case, find_case, reopen_case


class RecordingEngine:
    """An engine that records the last message."""

    def correlate(self, message: str, case_reference: str, values: dict[str, Any], key: str) -> None:
        self.message, self.values, self.key = message, values, key


def test_variables_that_depend_on_the_former_result_are_not_kept() -> None:
    known = {
        "given_name": "Ada",
        "sample_number": 2,
        "lab_result": "positive",
        "correction_number": 0,
        "case_outcome": "care_completed",
        "report_advice": "stay at home",
        "not_declared": 1,
    }
    engine = RecordingEngine()
    reopen_case(
        engine,
        Case("C-1", "i", known, None),
        {"lab_result": "negative", "lab_result_id": 7, "lab_result_barcode": "AB-1"},
    )
    assert engine.values == {
        "given_name": "Ada",
        "sample_number": 2,
        "lab_result": "negative",
        "lab_result_id": 7,
        "lab_result_barcode": "AB-1",
        "correction_number": 1,
        "contacts_traced": False,
    }
    assert engine.key == "C-1/7"


def variable(instance: str, name: str, kind: str, value: Any, scope: str = "") -> dict[str, Any]:
    return {
        "processInstanceId": instance,
        "activityInstanceId": scope or instance,
        "name": name,
        "type": kind,
        "value": value,
    }


class FakeEngine:
    """An engine with one running case that has called a process.

    Args:
        runtime: variables of running instances.
        ended: whether the case has ended.
    """

    def __init__(self, runtime: list[dict[str, Any]], ended: bool = False):
        self._ended = ended
        self._variables = {
            "/variable-instance": runtime,
            "/history/variable-instance": [variable("i", "policy", "Json", "{}"), variable("i", "age", "Integer", 40)],
        }

    def post(self, path: str, body: dict[str, Any]) -> list[dict[str, Any]]:
        if path == "/history/process-instance":
            return [self._instance("i", "corona_care"), self._instance("c", "take_sample")]
        return self._variables[path.partition("?")[0]]

    def _instance(self, instance: str, key: str) -> dict[str, Any]:
        end = "2026-11-29T10:00:00.000+0000" if self._ended else None
        state = "COMPLETED" if self._ended else "ACTIVE"
        start = "2026-11-28T10:00:00.000+0000"
        return {"id": instance, "processDefinitionKey": key, "startTime": start, "endTime": end, "state": state}


def test_variables_of_a_running_case_are_those_of_the_runtime_without_inner_scopes() -> None:
    runtime = [
        variable("i", "age", "Integer", 41),
        variable("c", "visit_number", "Integer", 1),
        variable("i", "loopCounter", "Integer", 0, scope="loop"),
    ]
    found = find_case(FakeEngine(runtime), "C-1")
    assert found is not None
    assert found.values == {"age": 41, "visit_number": 1}


@pytest.mark.parametrize(
    ("runtime", "ended"),
    [
        ([variable("i", "age", "Integer", 41)], True),
        # it ends while it is read
        ([], False),
        ([variable("i", "age", "Integer", 41), variable("i", "policy", "Json", None)], False),
    ],
    ids=["ended", "without variables", "without the value of a JSON variable"],
)
def test_variables_of_a_case_that_has_ended_are_those_of_the_history(
    runtime: list[dict[str, Any]], ended: bool
) -> None:
    found = find_case(FakeEngine(runtime, ended), "C-1")
    assert found is not None
    assert found.values == {"age": 40, "policy": {}}
