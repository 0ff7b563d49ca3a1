"""The page "Incidents": lists incidents by step and cause, and retries one of them, or all of a topic."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from processes import incidents, positions
from processes.cases import find_references
from processes.incidents import Incident
from webapp.resources import resources
from webapp.staff.explanations import Explanation, explain
from webapp.staff.sign_in import managers_only, pages

log = logging.getLogger("webapp.incidents")

# name of the step of the engine's own jobs, such as its clean-up
OF_THE_ENGINE = "Work of the engine itself"
# of the list of retried incidents
RETRIED_WITHIN, MAX_RETRIED = timedelta(days=7), 50


@dataclass(frozen=True)
class Group:
    """Incidents of one step with the same message.

    Attributes:
        step: name of the step in the diagram.
        references: case references by process instance.
    """

    step: str
    explanation: Explanation
    incidents: list[Incident]
    references: dict[str | None, str]

    @property
    def topic(self) -> str | None:
        """Topic of external tasks; None for jobs."""
        return self.incidents[0].topic

    @property
    def message(self) -> str | None:
        return self.incidents[0].message


@dataclass(frozen=True)
class Retried:
    """An incident that was resolved, and whether the same task or job has failed again."""

    at: datetime
    step: str
    instance_id: str | None
    case_reference: str | None
    has_failed_again: bool


@pages.get("/incidents")
@managers_only
def show_incidents() -> str:
    found = incidents.list_incidents(resources().engine)
    return render_template(
        "staff/incidents.html",
        groups=group_incidents(found),
        resolved=list_retried({incident.id for incident in found}),
        cockpit=resources().options.cockpit_url,
        retried=request.args.get("retried", type=int),
    )


@pages.post("/incidents/retry")
@managers_only
def retry() -> Response:
    """Retry one task or job, or all tasks of a topic."""
    match {name: request.form.get(name, "")[:200] for name in ("topic", "task", "job") if request.form.get(name)}:
        case {"topic": topic}:
            retried = incidents.retry_topic(resources().engine, topic)
        case {"task": task}:
            retried = int(incidents.retry_task(resources().engine, task))
        case {"job": job}:
            retried = int(incidents.retry_job(resources().engine, job))
        case _:
            abort(400, "Choose what to retry: a topic, a task or a job.")
    log.info("%s incidents retried by %s", retried, session["manager"])
    return redirect(url_for("staff.show_incidents", retried=retried), 303)


def group_incidents(found: Iterable[Incident]) -> list[Group]:
    """Group incidents by step and message, the largest group first."""
    groups: dict[tuple[str, str | None, str | None], list[Incident]] = {}
    for incident in found:
        name = name_step(incident.definition_id, incident.element)
        groups.setdefault((name, incident.topic, incident.message), []).append(incident)
    without_reference = [each.instance_id for own in groups.values() for each in own if not each.case_reference]
    references = find_references(resources().engine, without_reference)
    largest_first = sorted(groups.items(), key=lambda group: -len(group[1]))
    return [Group(step, explain(own[0]), own, references) for (step, _, _), own in largest_first]


def list_retried(failed: set[str]) -> list[Retried]:
    """List the incidents that were resolved in the last days, the latest first.

    Args:
        failed: ids of the tasks and jobs that have an incident now.
    """
    engine = resources().engine
    resolved = incidents.list_resolved_incidents(engine, datetime.now(UTC) - RETRIED_WITHIN, MAX_RETRIED)
    references = find_references(engine, [each.instance_id for each in resolved])
    return [
        Retried(
            each.at,
            name_step(each.definition_id, each.element),
            each.instance_id,
            references.get(each.instance_id),
            each.id in failed,
        )
        for each in resolved
    ]


def name_step(definition_id: str | None, element: str | None) -> str:
    """Return the name of a step in its diagram, or its id if it has none."""
    if definition_id is None or element is None:
        return OF_THE_ENGINE
    return positions.get_step_names(resources().engine, definition_id).get(element, element)
