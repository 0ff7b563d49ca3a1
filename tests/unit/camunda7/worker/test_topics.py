"""Declarations of handlers: parameters, resources, effect keys, and errors in a declaration."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.worker import Context, Handler, handlers_of, topic
from camunda7.worker.logs import KeyValueFormatter
from workers import lab


def test_the_handlers_of_a_module_are_found() -> None:
    steps = {"reserve_kit", "release_case", "order_test", "chase_result", "tell_result"}
    assert steps <= {handler.step for handler in handlers_of(lab)}


def test_parameters_of_a_handler_are_variables_and_resources() -> None:
    @topic("lab.order_test", occurrence="sample_number")
    def order_test(business_key: str, effect_key: str, context: Context, sample_barcode: str, *, lab: Any) -> None:
        pass

    handler: Handler = order_test.handler
    assert handler.variables == ["sample_barcode", "sample_number"]
    assert handler.resources == ("lab",)
    assert handler.effect_key("C-1", {"sample_number": 2}) == "C-1/order_test/2"


def test_a_handler_with_an_effect_key_must_declare_its_occurrence() -> None:
    def order_test(effect_key: str) -> None:
        pass

    with pytest.raises(TypeError, match=r"lab\.order_test: its effect_key needs occurrence"):
        topic("lab.order_test")(order_test)
    without_occurrence: Handler = topic("lab.order_test", occurrence=())(order_test).handler
    assert without_occurrence.effect_key("C-1", {}) == "C-1/order_test"


def test_a_handler_gets_its_arguments_by_name() -> None:
    @topic("lab.order_test", occurrence="sample_number")
    def order_test(**arguments: Any) -> dict[str, Any]:
        return arguments

    parameters = ("business_key", "effect_key", "context", "sample_barcode", "visit_note")
    handler = replace(order_test.handler, parameters=parameters, resources=("lab",))
    context = Context("t1", "C-1/order_test/2", last_attempt=False)
    received = handler({"sample_barcode": "A-1", "lab": "no resource"}, "C-1", context, {"lab": "the lab"})
    assert received == {
        "business_key": "C-1",
        "effect_key": "C-1/order_test/2",
        "context": context,
        "sample_barcode": "A-1",
        "visit_note": None,
        "lab": "the lab",
    }


def test_a_handler_in_the_librarys_shape_is_recognised_by_its_parameter() -> None:
    @topic("lab.order_test")
    def library_handler(task: ExternalTask) -> TaskResult: ...

    @topic("lab.order_test")
    def own_handler(task: str) -> None: ...

    assert (library_handler.handler.takes_task, own_handler.handler.takes_task) == (True, False)
    assert (library_handler.handler.variables, library_handler.handler.resources) == (None, ())


def test_a_log_line_ends_with_its_fields() -> None:
    extra = {"topic": "lab.order_test", "case": "C-1", "error": "lab: 503"}
    record = logging.getLogger("workers").makeRecord("workers", logging.INFO, "", 0, "failure", (), None, extra=extra)
    line = KeyValueFormatter().format(record)
    assert line.endswith('INFO workers: failure topic=lab.order_test case=C-1 error="lab: 503"')
