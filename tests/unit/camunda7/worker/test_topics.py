"""Declaring handlers, and what is wrong with a declaration."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Any

import pytest
from camunda.external_task.external_task import ExternalTask, TaskResult

from camunda7.worker import Context, Handler, handlers_of, topic
from camunda7.worker.logs import KeyValueFormatter
from workers import lab


def test_the_lanes_handlers_are_found() -> None:
    steps = {"reserve_kit", "release_case", "order_test", "chase_result", "tell_result"}
    assert steps <= {handler.step for handler in handlers_of(lab)}


def test_what_a_handler_asks_for() -> None:
    @topic("lab.order_test", occurrence="sample_number")
    def order_test(business_key: str, effect_key: str, context: Context, sample_barcode: str, *, lab: Any) -> None:
        pass

    handler: Handler = order_test.handler
    assert handler.variables == ["sample_barcode", "sample_number"]
    assert handler.resources == ("lab",)
    assert handler.effect_key("C-1", {"sample_number": 2}) == "C-1/order_test/2"


def test_an_effect_key_needs_to_know_its_occurrence() -> None:
    def order_test(effect_key: str) -> None:
        pass

    with pytest.raises(TypeError, match=r"lab\.order_test: its effect_key needs occurrence"):
        topic("lab.order_test")(order_test)
    once: Handler = topic("lab.order_test", occurrence=())(order_test).handler
    assert once.effect_key("C-1", {}) == "C-1/order_test"


def test_a_handler_gets_what_it_asks_for_by_name() -> None:
    @topic("lab.order_test", occurrence="sample_number")
    def order_test(**given: Any) -> dict[str, Any]:
        return given

    asked = ("business_key", "effect_key", "context", "sample_barcode", "visit_note")
    handler = replace(order_test.handler, parameters=asked, resources=("lab",))
    context = Context("t1", "C-1/order_test/2", last_attempt=False)
    given = handler({"sample_barcode": "A-1", "lab": "no resource"}, "C-1", context, {"lab": "the lab"})
    assert given == {
        "business_key": "C-1",
        "effect_key": "C-1/order_test/2",
        "context": context,
        "sample_barcode": "A-1",
        "visit_note": None,
        "lab": "the lab",
    }


def test_a_handler_of_the_library_is_known_by_its_parameter() -> None:
    @topic("lab.order_test")
    def of_the_library(task: ExternalTask) -> TaskResult: ...

    @topic("lab.order_test")
    def ours(task: str) -> None: ...

    assert (of_the_library.handler.takes_task, ours.handler.takes_task) == (True, False)
    assert (of_the_library.handler.variables, of_the_library.handler.resources) == (None, ())


def test_a_log_line_ends_with_what_it_is_about() -> None:
    extra = {"topic": "lab.order_test", "case": "C-1", "error": "lab: 503"}
    record = logging.getLogger("workers").makeRecord("workers", logging.INFO, "", 0, "failure", (), None, extra=extra)
    line = KeyValueFormatter().format(record)
    assert line.endswith('INFO workers: failure topic=lab.order_test case=C-1 error="lab: 503"')
