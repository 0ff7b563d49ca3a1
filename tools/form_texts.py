"""The texts of a Camunda Form, for Babel to extract (webapp/translations/babel.cfg)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from webapp.camunda_forms import Form

# as each calls itself, the same in all languages
NAMES_OF_LANGUAGES = {"English", "Français", "العربية"}


def extract(file: BinaryIO, *_: Any, **options: Any) -> Iterator[tuple[int, None, str, list[str]]]:
    for text in Form.parse(json.load(file)).texts:
        if text not in NAMES_OF_LANGUAGES:
            yield 1, None, text, []
