"""Babel extractor for the texts of Camunda Forms (webapp/translations/babel.cfg)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from camunda7.forms import Form
from webapp.languages import LANGUAGES


def extract(file: BinaryIO, *_: Any, **options: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    for text in Form.parse(json.load(file)).texts:
        # the name of a language is the same in all languages
        if text not in LANGUAGES.values():
            yield 1, None, text, []
