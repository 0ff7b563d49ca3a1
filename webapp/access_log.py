"""Texts of the page "Who has seen my data": who has accessed a case or checked its papers, and what they did."""

from __future__ import annotations

from collections.abc import Iterable, Set
from datetime import datetime
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from camunda7.names import ADMINISTRATORS
from papers.register import ChecksOfDay, Print
from processes.audit import CHANGED, READ, WORKED, Access
from webapp.papers import TITLES

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


def describe_accesses(
    accesses: Iterable[Access], checks: Iterable[ChecksOfDay], prints: Iterable[tuple[Print, Set[str]]]
) -> list[tuple[datetime, Any, Any]]:
    """Return when, who and what of accesses to a case, and of checks and prints of its papers, the newest first.

    Args:
        prints: each with the groups of the person who printed.
    """
    rows = [(access.at, name_role(access.groups), ACTIONS[access.kind]) for access in accesses]
    rows += [(each.at, _("Someone with your paper"), _describe_checks(each)) for each in checks]
    rows += [
        (each.at, name_role(groups), gettext("printed a paper for you: %(paper)s", paper=TITLES[each.kind]))
        for each, groups in prints
    ]
    return sorted(rows, key=lambda row: row[0], reverse=True)


def _describe_checks(checks: ChecksOfDay) -> str:
    paper = TITLES[checks.kind]
    if checks.count == 1:
        return gettext("checked that it still holds: %(paper)s", paper=paper)
    return gettext("checked that it still holds, %(count)s times that day: %(paper)s", count=checks.count, paper=paper)
