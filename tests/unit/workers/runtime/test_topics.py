"""Declaring handlers, and what is wrong with a declaration."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from workers import lab
from workers.runtime import Context, Handler, Retry, handlers_of, topic
from workers.runtime.logs import KeyValueFormatter
from workers.runtime.retry import WrongRetry


def test_the_lanes_handlers_are_found() -> None:
    steps = {"reserve_kit", "release_case", "order_test", "chase_result", "tell_result"}
    assert {handler.step for handler in handlers_of(lab)} == steps


def test_what_a_handler_asks_for() -> None:
    @topic("lab.order_test", occurrence="sample_number")
    def order_test(case_reference: str, effect_key: str, context: Context, sample_barcode: str, lab: Any) -> None:
        pass

    handler: Handler = order_test.handler
    assert handler.variables == ["sample_barcode", "sample_number"]
    assert handler.resources == ["lab"]
    assert handler.effect_key("C-1", {"sample_number": 2}) == "C-1/order_test/2"


def test_an_effect_key_needs_to_know_its_occurrence() -> None:
    def order_test(effect_key: str) -> None:
        pass

    with pytest.raises(TypeError, match=r"lab\.order_test: say by occurrence"):
        topic("lab.order_test")(order_test)
    once: Handler = topic("lab.order_test", occurrence=())(order_test).handler
    assert once.effect_key("C-1", {}) == "C-1/order_test"


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ({"attempts": 0}, "attempts: 0 is less than 1"),
        ({"first": "soon"}, "first: 'soon' is no duration such as 500ms, 2s, 5m or 1h"),
        ({"most": "5 m"}, "most: '5 m' is no duration such as 500ms, 2s, 5m or 1h"),
    ],
)
def test_a_wrong_policy_is_refused(policy: dict[str, Any], said: str) -> None:
    with pytest.raises(WrongRetry) as refused:
        Retry(**policy)
    assert str(refused.value) == said


def test_properties_of_the_diagram_change_a_policy() -> None:
    assert Retry().overridden({"colour": "red"}) == Retry()
    assert Retry(attempts=9).overridden({"retry.first": "3s", "retry.attempts": "2"}) == Retry(attempts=2, first="3s")
    with pytest.raises(WrongRetry, match="attempts: 'two' is no whole number"):
        Retry().overridden({"retry.attempts": "two"})


def test_a_log_line_ends_with_what_it_is_about() -> None:
    extra = {"topic": "lab.order_test", "case": "C-1", "error": "lab: 503"}
    record = logging.getLogger("workers").makeRecord("workers", logging.INFO, "", 0, "failure", (), None, extra=extra)
    line = KeyValueFormatter().format(record)
    assert line.endswith('INFO workers: failure topic=lab.order_test case=C-1 error="lab: 503"')
