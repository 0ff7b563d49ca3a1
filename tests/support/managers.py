"""Process managers on our pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from camunda7.forms.browser import Browser


def signed_in_manager(state: Mapping[str, Any]) -> Browser:
    """A process manager's browser, signed in.

    Args:
        state: of the platform that is up, as state.json has it.
    """
    browser, account = Browser(state["webapp"]), state["accounts"]["process_manager"]
    browser.fill_in("/staff/sign-in", {"username": account["username"], "password": account["password"]})
    return browser
