"""What the pages work with: made once by webapp/app.py, found by each view through `resources()`."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app

from camunda7.inputs.place import Place
from hosting.clients.government import Government
from hosting.clients.lab import Lab
from processes.engine import Engine
from records.access import Access
from records.erasures import Erasures
from records.login_throttle import LoginThrottle
from records.outbox import Outbox
from records.roster import Roster
from records.submissions import Submissions
from webapp.drafts import FormDrafts
from webapp.forwarding import Forwarder
from webapp.housekeeping import Housekeeping
from webapp.options import Options
from webapp.task_forms import TaskForms

# of app.extensions
KEY = "coronacare"


@dataclass(frozen=True)
class Resources:
    """The clients, the records and the settings of one application.

    Attributes:
        place: where the people are who use it.
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
    erasures: Erasures
    housekeeping: Housekeeping


def provide(app: Flask, made: Resources) -> None:
    """Let the application's views find these."""
    app.extensions[KEY] = made


def resources() -> Resources:
    """The resources of the current application."""
    return resources_of(current_app)


def resources_of(app: Flask) -> Resources:
    found: Resources = app.extensions[KEY]
    return found
