"""How the page "Who has seen my data" names roles, and what somebody did."""

from __future__ import annotations

from collections.abc import Set
from typing import Any

from flask_babel import lazy_gettext as _

from processes.audit import CHANGED, READ, WORKED

# the first that fits names the person
ROLES = {
    "doctors": _("A doctor"),
    "medical-team": _("The medical team"),
    "contact-tracers": _("A contact tracer"),
    "process-managers": _("A CoronaCare manager"),
    "camunda-admin": _("An administrator"),
}
DONE = {
    READ: _("viewed your data"),
    WORKED: _("worked on a form in your case"),
    CHANGED: _("changed your case"),
}


def role_of(groups: Set[str]) -> Any:
    """The role of somebody in these groups, in words."""
    return next((name for group, name in ROLES.items() if group in groups), _("Someone who no longer works here"))
