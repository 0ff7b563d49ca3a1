"""A task's form is found by the name of each engine's field."""

from __future__ import annotations

import pytest

from camunda7.names import form_key


@pytest.mark.parametrize("name", ["camundaFormRef", "operatonFormRef"])
def test_the_form_of_a_task(name: str) -> None:
    assert form_key({"id": "1", name: {"key": "review", "binding": "deployment"}}) == "review"


@pytest.mark.parametrize("task", [{}, {"camundaFormRef": None}, {"formKey": "embedded:app:x.html"}])
def test_a_task_without_form(task: dict[str, None]) -> None:
    assert form_key(task) is None
