"""Texts of the page "Who has seen my data": roles and actions."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from flask_babel import lazy_gettext as _

from camunda7.names import ADMINISTRATORS
from processes.audit import CHANGED, READ, WORKED

# a person in several groups has the role of the first one
ROLES = {
    "doctors": _("A doctor"),
    "medical-team": _("The medical team"),
    "contact-tracers": _("A contact tracer"),
    "process-managers": _("A CoronaCare manager"),
    ADMINISTRATORS: _("An administrator"),
}
ACTIONS = {
    READ: _("viewed your data"),
    WORKED: _("worked on a form in your case"),
    CHANGED: _("changed your case"),
}


def name_role(groups: Set[str]) -> Any:
    """Return the name of the role of a person in these groups."""
    return next((name for group, name in ROLES.items() if group in groups), _("Someone who no longer works here"))
