"""Whether the pages of process managers include the demo's invented history: the query parameter `history=included`.

Every link within the pages keeps it. Where no case is invented, nothing of this is shown.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from kpi.synthetic import count_weeks
from webapp.staff.managers import pages

PARAMETER, INCLUDED = "history", "included"


def is_included() -> bool:
    return request.args.get(PARAMETER) == INCLUDED


@pages.url_defaults
def keep_in_links(_: str, values: dict[str, Any]) -> None:
    if is_included():
        values.setdefault(PARAMETER, INCLUDED)


@pages.context_processor
def describe() -> dict[str, Any]:
    """For staff/history.html: the weeks of the history are counted only where it is shown."""
    return {"history_included": is_included(), "history_weeks": count_weeks, "switch_history": switch}


def switch() -> str:
    """A link to the same page with the history, or without it where it is included."""
    others = {name: value for name, value in request.args.items() if name != PARAMETER}
    return "?" + urlencode(others if is_included() else others | {PARAMETER: INCLUDED})
