"""Texts of a form that may contain placeholders, {{ expression }}, or be an expression."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from camunda7.expressions import javascript
from camunda7.expressions.feel import Expression, UnsupportedExpression

Translate = Callable[[str], str]
_PLACEHOLDER = re.compile(r"\{\{(.*?)\}\}")


class Template:
    """A text with placeholders. The conditions and loops of feelers, form-js's template library, aren't supported.

    Raises:
        UnsupportedExpression: the text has one, or an unsupported expression.
    """

    def __init__(self, text: str):
        self.text = text
        whole = [text] if text.startswith("=") else _PLACEHOLDER.findall(text)
        if any(placeholder[:1] in "#/" for placeholder in whole if placeholder):
            raise UnsupportedExpression(f"{text}: conditions and loops in a text are not supported")
        self._expressions = {placeholder: Expression(placeholder) for placeholder in whole if placeholder.strip()}

    @property
    def names(self) -> set[str]:
        """Names of the variables that its placeholders read."""
        return set().union(*(expression.names for expression in self._expressions.values()))

    def __bool__(self) -> bool:
        return bool(self.text)

    def render(self, values: dict[str, Any], translate: Translate = str) -> str:
        """Return the translated text, with the values of its placeholders."""
        if not self._expressions:
            return translate(self.text) if self.text else ""
        if self.text in self._expressions:
            return _to_text(self._expressions[self.text].evaluate(values))

        def value(placeholder: re.Match[str]) -> str:
            expression = self._expressions.get(placeholder[1])
            return _to_text(expression.evaluate(values)) if expression else ""

        return _PLACEHOLDER.sub(value, translate(self.text))


NO_TEXT = Template("")


def _to_text(value: Any) -> str:
    return "" if value is None else javascript.to_string(value)
