"""The demo's synthetic history on the pages of process managers: the query parameter `history=included` adds it.

All links within the pages keep the parameter. Without synthetic cases the pages don't mention it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import request

from kpi.synthetic import count_weeks
from webapp.staff.sign_in import pages

PARAMETER, INCLUDED = "history", "included"


def is_included() -> bool:
    return request.args.get(PARAMETER) == INCLUDED


@pages.url_defaults
def add_to_links(_: str, values: dict[str, Any]) -> None:
    if is_included():
        values.setdefault(PARAMETER, INCLUDED)


@pages.context_processor
def template_variables() -> dict[str, Any]:
    """Variables of staff/history.html; history_weeks is a function, so that only pages that use it run the query."""
    return {"history_included": is_included(), "history_weeks": count_weeks, "history_toggle_url": toggle_url}


def toggle_url() -> str:
    """Return the URL of the same page without the history if it is included, else with it."""
    others = {name: value for name, value in request.args.items() if name != PARAMETER}
    return "?" + urlencode(others if is_included() else others | {PARAMETER: INCLUDED})
