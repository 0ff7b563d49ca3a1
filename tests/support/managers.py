"""Process managers in the web application."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camunda7.forms.browser import Browser


def signed_in_manager(state: Mapping[str, Any]) -> Browser:
    """Sign in as process manager, and return the browser.

    Args:
        state: of the running platform, as in state.json.
    """
    browser, account = Browser(state["webapp"]), state["accounts"]["process_manager"]
    browser.fill_in("/staff/sign-in", {"username": account["username"], "password": account["password"]})
    return browser
