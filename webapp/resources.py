"""The application's clients, stores and settings: created by webapp/app.py, looked up by views with `resources()`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from camunda7.inputs.place import Place
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from papers.register import Register
from processes.engine import Engine
from records.access import Access
from records.erasures import Erasures
from records.login_throttle import LoginThrottle
from records.outbox import Outbox
from records.roster import Roster
from records.sessions import Sessions
from records.submissions import Submissions
from webapp.drafts import FormDrafts
from webapp.forwarding import Forwarder
from webapp.housekeeping import Housekeeping
from webapp.options import Options
from webapp.task_forms import TaskForms

# in app.extensions
EXTENSION_KEY = "coronacare"


@dataclass(frozen=True)
class Resources:
    """The clients, the records and the settings of one application.

    Attributes:
        place: time zone and telephone region of its users.
    """

    options: Options
    place: Place
    engine: Engine
    government: Government
    lab: Lab
    roster: Roster
    task_forms: TaskForms
    drafts: FormDrafts
    submissions: Submissions
    forwarder: Forwarder
    access: Access
    login_throttle: LoginThrottle
    outbox: Outbox
    papers: Register
    erasures: Erasures
    housekeeping: Housekeeping
    sessions: Sessions


def set_resources(app: Flask, resources: Resources) -> None:
    """Register the resources of an application."""
    app.extensions[EXTENSION_KEY] = resources


def resources() -> Resources:
    """Return the resources of the current application."""
    return resources_of(current_app)


def resources_of(app: Flask) -> Resources:
    extension: Resources = app.extensions[EXTENSION_KEY]
    return extension
