"""The page "Incidents": lists incidents by topic and retries one of them, or all of a topic."""

from __future__ import annotations

import logging

from flask import abort, redirect, render_template, request, session, url_for
from werkzeug.wrappers import Response

from processes import incidents
from processes.incidents import Incident
from webapp.resources import resources
from webapp.staff.managers import managers_only, pages

log = logging.getLogger("webapp.incidents")


@pages.get("/incidents")
@managers_only
def show_incidents() -> str:
    groups: dict[tuple[str, str], list[Incident]] = {}
    for incident in incidents.list_incidents(resources().engine):
        groups.setdefault((incident.kind, incident.step), []).append(incident)
    return render_template(
        "staff/incidents.html",
        groups=groups,
        topics=incidents.TASK,
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
