"""Deployed forms that can't be shown or submitted, because `make check` wasn't run on them: reports to staff."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from typing import Any

from prometheus_client import Gauge

from camunda7.forms import Form, UnsupportedForm
from camunda7.forms.schema import KEYED, Component
from camunda7.forms.value_types import value_types
from processes.variables import VARIABLES

log = logging.getLogger("webapp.forms")

MAX_FINDING_LENGTH = 300
# a timestamp, not a counter: Prometheus sees no increase where a series begins, so the first report would be missed
LAST_SHOWN = Gauge(
    "coronacare_form_unusable_timestamp_seconds",
    "When this form last couldn't be shown to a patient",
    ["form", "finding"],
    multiprocess_mode="max",
)


class UnusableForm(Exception):
    """A deployed form can't be shown, or its answers couldn't be sent.

    Attributes:
        form: name of the form.
        finding: what is wrong with it, for staff; contains nothing that a patient typed.
    """

    def __init__(self, form: str, finding: str):
        super().__init__(f"{form}: {finding}")
        self.form = form
        self.finding = finding


def parse_form(name: str, schema: Any) -> Form:
    """Parse a deployed form.

    Raises:
        UnusableForm: it can't be shown, or the engine would refuse its answers.
    """
    try:
        form = Form.parse(schema) if isinstance(schema, dict) else None
    except UnsupportedForm as error:
        raise UnusableForm(name, str(error)) from None
    if form is None:
        raise UnusableForm(name, "the file is no JSON object")
    for finding in _find_refused_values(form.components):
        raise UnusableForm(name, finding)
    return form


def report(error: UnusableForm) -> None:
    """Report the form to staff: in the log, and by the metric of the alert FormUnusable."""
    finding = error.finding[:MAX_FINDING_LENGTH]
    log.error("the form %s can't be shown to patients: %s", error.form, finding)
    LAST_SHOWN.labels(error.form, finding).set_to_current_time()


def _find_refused_values(components: Iterable[Component]) -> Iterator[str]:
    """Find the reasons why values of fields can't become process variables."""
    for component in components:
        if component.repeats or component.type in KEYED:
            yield from _check_value(component)
        else:
            yield from _find_refused_values(component.children)


def _check_value(component: Component) -> Iterator[str]:
    if component.disabled:
        # values of disabled fields aren't submitted
        return
    variable = VARIABLES.get(component.path[0])
    if variable is None:
        yield f"component {component.id}: there is no variable {component.path[0]} in processes/variables.py"
        return
    types = value_types(component.more) if len(component.path) == 1 else {"Json"}
    if variable.type not in types:
        yield f"component {component.id}: {variable.name} is of the type {variable.type}"
    options = component.options if isinstance(component.options, tuple) else ()
    values = {option.get("value") if isinstance(option, dict) else option for option in options}
    unknown = sorted(str(value) for value in values - set(variable.values)) if variable.values else []
    if unknown:
        yield f"component {component.id}: {variable.name} is never {', '.join(unknown)}"
