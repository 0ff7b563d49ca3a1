"""Which options of a question make another question visible, so that a stylesheet can show it without a request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from camunda7.forms.options import Option
from camunda7.forms.schema import Component

SINGLE_CHOICES = ("checkbox", "radio", "select")
CHECKED = "true"


@dataclass(frozen=True)
class Trigger:
    """Options of a question that make a component visible.

    Attributes:
        question: name of the question's input.
        options: their values, as posted.
    """

    question: str
    options: tuple[str, ...]


class Question(Protocol):
    """What find_trigger() reads of a node of answers.py."""

    component: Component
    name: str
    options: list[Option]

    @property
    def is_editable(self) -> bool: ...


def find_trigger(component: Component, context: Mapping[str, Any], questions: Sequence[Question]) -> Trigger | None:
    """Return the options that make a component visible.

    Args:
        context: values for the component's expressions.
        questions: visible ones of the same group or row, before the component.

    Returns:
        None if its visibility depends on anything but one choice among `questions`, or if it is visible before that is
        made.
    """
    if component.hide is None or len(component.hide.names) != 1:
        return None
    [name] = component.hide.names
    question = next((each for each in questions if each.component.path == (name,)), None)
    if question is None or question.component.type not in SINGLE_CHOICES or not question.is_editable:
        return None
    unanswered, options = _values_of(question)
    shown = [posted for posted, value in options.items() if not component.is_hidden({**context, name: value})]
    if not shown or not component.is_hidden({**context, name: unanswered}):
        return None
    return Trigger(question.name, tuple(shown))


def _values_of(question: Question) -> tuple[Any, dict[str, Any]]:
    """Return a question's value without an answer, and the values of its options by what is posted."""
    if question.component.type == "checkbox":
        return False, {CHECKED: True}
    return None, {option.posted: option.value for option in question.options}
