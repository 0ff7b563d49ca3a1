"""Texts of a form that may contain {{ expressions }}, or be one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression, UnsupportedExpression

Translate = Callable[[str], str]
_INSERT = re.compile(r"\{\{(.*?)\}\}")


class Template:
    """A text with inserts; of the conditions and loops of feelers it has none.

    Raises:
        UnsupportedExpression: it uses something else.
    """

    def __init__(self, text: str):
        self.text = text
        whole = [text] if text.startswith("=") else _INSERT.findall(text)
        if any(insert[:1] in "#/" for insert in whole if insert):
            raise UnsupportedExpression(f"{text}: conditions and loops in a text are not supported")
        self._inserts = {insert: Expression(insert) for insert in whole if insert.strip()}

    @property
    def names(self) -> set[str]:
        """The variables that its inserts read."""
        return set().union(*(expression.names for expression in self._inserts.values()))

    def __bool__(self) -> bool:
        return bool(self.text)

    def filled(self, values: dict[str, Any], translate: Translate = str) -> str:
        """The text, translated, with the values of its inserts."""
        if not self._inserts:
            return translate(self.text) if self.text else ""
        if self.text in self._inserts:
            return _written(self._inserts[self.text].evaluate(values))

        def value(insert: re.Match[str]) -> str:
            expression = self._inserts.get(insert[1])
            return _written(expression.evaluate(values)) if expression else ""

        return _INSERT.sub(value, translate(self.text))


NO_TEXT = Template("")


def _written(value: Any) -> str:
    return "" if value is None else javascript.text_of(value)
