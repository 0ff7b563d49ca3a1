"""The page "What if": process managers simulate a surge or other staffing, and compare what patients would wait.

Runs are processes of their own (simulation/runs.py); this page starts them and shows their results.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Response, abort, g, redirect, render_template, request, url_for
from markupsafe import Markup

from camunda7.diagrams import Heat, draw_svg, read_picture
from camunda7.xml import parse
from simulation import report
from simulation.errors import ScenarioError
from simulation.parameters import LEARNT, Parameters, load_parameters
from simulation.results import Figure, Results, StepResult, parse_results
from simulation.runs import TABLE, Busy, Run, Runs
from simulation.scenario import ROOT
from webapp.resources import resources
from webapp.staff.charts import Chart, Series
from webapp.staff.sign_in import managers_only, pages

# steps with the longest waits that have a line in the charts
MAX_LINES = 4
# characters of a line's label
MAX_LABEL = 20
# hours from which a step has the darkest colour
DARK_H = 24
BUSY = "Another simulation is running. Wait until it has ended, or cancel it."
NO_JAVA = "This server has no Java, so it can't simulate. Ask the operator to run “make simulate”."


@dataclass(frozen=True)
class Question:
    """A number that the form asks for.

    Attributes:
        lowest, highest: that it may be.
    """

    name: str
    label: str
    default: int
    lowest: int
    highest: int
    hint: str = ""


def list_questions(parameters: Parameters) -> list[Question]:
    """Return the questions of the form, with the usual numbers as defaults."""

    def by_day(role: str) -> int:
        return max((shift.number for shift in parameters.staff[role]), default=0)

    usual = f"Usually {parameters.arrivals_per_day:g} pre-screenings a day"
    return [
        Question("times", "How many times as many patients", 1, 1, 1000, usual),
        Question("days", "Days", 14, 1, 60),
        Question("medical-team", "Medical teams", by_day("medical-team"), 0, 1000, "From 8:00 to 18:00"),
        Question("doctors", "Doctors", by_day("doctors"), 0, 1000, "From 8:00 to 20:00, and one at night"),
        Question("contact-tracers", "Contact tracers", by_day("contact-tracers"), 0, 1000, "From 8:00 to 20:00"),
        Question(
            "places", "Places in the laboratory", 40, 1, 10_000, "Tests that run at the same time, for a day each"
        ),
        Question("kits", "Test kits in stock", 1000, 0, 1_000_000),
        Question("delivered", "Test kits in a delivery", 0, 0, 1_000_000, "0 if there is none"),
        Question("delivery_day", "Day of the delivery", 7, 1, 60, "1 is the first day"),
    ]


@pages.get("/what-if")
@managers_only
def show_what_if() -> str:
    return _show_form({})


@pages.post("/what-if")
@managers_only
def start_what_if() -> Any:
    questions = list_questions(_parameters())
    answers, errors = read_answers(questions, request.form)
    if not errors and not _can_simulate():
        errors = {"name": NO_JAVA}
    if not errors:
        try:
            is_fast = request.form.get("method") != "time-lapse"
            run_id = _runs().start(create_scenario(answers, _parameters()), is_fast)
            return redirect(url_for("staff.show_run", run_id=run_id), 303)
        except Busy:
            errors = {"name": BUSY}
        except ScenarioError as error:
            errors = {"name": str(error)}
    return _show_form(errors), 400


@pages.get("/what-if/<run_id>")
@managers_only
def show_run(run_id: str) -> Any:
    run = _find(run_id)
    if not run.has_results:
        g.has_script = run.is_running
        return render_template("staff/what_if_run.html", run=run)
    results = parse_results(run.read_results())
    others = [each for each in _runs().list() if each.has_results and each.id != run.id]
    other_run = next((each for each in others if each.id == request.args.get("with")), None)
    other = parse_results(other_run.read_results()) if other_run else None
    return render_template(
        "staff/what_if_results.html",
        run=run,
        others=others,
        other_run=other_run,
        results=results,
        headline=report.describe_bottleneck(results),
        advice=report.advise(results),
        waits=list(compare_waits(results, other)),
        resources=compare_resources(results, other),
        charts=list(create_charts(results)),
        pictures=draw_pictures(results),
        origins=sorted(results.origins.items()),
        interval=report.format_hours_interval,
    )


@pages.get("/what-if/<run_id>/progress.json")
@managers_only
def show_run_progress(run_id: str) -> dict[str, Any]:
    """Return the progress as static/upload.js reads it."""
    run = _find(run_id)
    return {"is_processed": not run.is_running, "decided": round(run.progress * 100), "total": 100}


@pages.get("/what-if/<run_id>/results.<kind>")
@managers_only
def download_run(run_id: str, kind: str) -> Response:
    run = _find(run_id)
    if not run.has_results or kind not in ("csv", "json"):
        abort(404)
    content = (run.folder / f"results.{kind}").read_bytes()
    mime = "text/csv" if run.folder / TABLE == run.folder / f"results.{kind}" else "application/json"
    headers = {"Content-Disposition": f"attachment; filename=what-if-{run.id}.{kind}"}
    return Response(content, mimetype=mime, headers=headers)


@pages.post("/what-if/<run_id>/cancel")
@managers_only
def cancel_run(run_id: str) -> Any:
    _runs().cancel(_find(run_id).id)
    return redirect(url_for("staff.show_what_if"), 303)


def _show_form(errors: Mapping[str, str]) -> str:
    found = _runs().list()
    return render_template(
        "staff/what_if.html",
        questions=list_questions(_parameters()),
        errors=errors,
        summary=[{"text": text, "href": f"#{name}"} for name, text in errors.items()],
        runs=found,
        running=next((run for run in found if run.is_running), None),
        can_simulate=_can_simulate(),
    )


def _runs() -> Runs:
    return Runs(_folder() / "runs", resources().options.policy, str(resources().place.zone))


def _folder() -> Path:
    return resources().options.simulation_folder


def _parameters() -> Parameters:
    return load_parameters(_folder() / LEARNT)


def _find(run_id: str) -> Run:
    run = _runs().find(run_id) if run_id.isalnum() else None
    if run is None:
        abort(404)
    return run


def _can_simulate() -> bool:
    return shutil.which("java") is not None


def read_answers(questions: list[Question], posted: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the answers and the errors by question."""
    answers: dict[str, Any] = {"name": posted.get("name", "").strip()}
    errors = {} if answers["name"] and len(answers["name"]) <= 80 else {"name": "Enter a name of at most 80 characters"}
    for question in questions:
        try:
            answers[question.name] = int(posted.get(question.name, ""))
        except ValueError:
            answers[question.name] = None
        if answers[question.name] is None or not question.lowest <= answers[question.name] <= question.highest:
            errors[question.name] = f"Enter a whole number from {question.lowest} to {question.highest}"
    return answers, errors


def create_scenario(answers: Mapping[str, Any], parameters: Parameters) -> dict[str, Any]:
    """Return the scenario of the form's answers: staff by day as answered, and at night as usual."""
    staff = {
        role: [
            {**shift.model_dump(), "number": answers[role] if number == 0 else shift.number}
            for number, shift in enumerate(sorted(parameters.staff[role], key=lambda shift: -shift.number))
        ]
        for role in ("medical-team", "doctors", "contact-tracers")
    }
    delivered = {"day": answers["delivery_day"], "kits": answers["delivered"]}
    return {
        "name": answers["name"],
        "days": answers["days"],
        "replications": 5,
        "arrivals": {"times": answers["times"]},
        "staff": staff,
        "laboratory": {"places": answers["places"]},
        "kits": {"stock": answers["kits"], "deliveries": [delivered] if answers["delivered"] else []},
    }


@dataclass(frozen=True)
class WaitRow:
    """A step with its figures in two scenarios; `other` is None without a second one that has the step."""

    step: StepResult
    other: StepResult | None


def compare_waits(results: Results, other: Results | None) -> Iterator[WaitRow]:
    known = {step.step: step for step in other.steps} if other else {}
    for step in report.sort_steps(results):
        yield WaitRow(step, known.get(step.step))


def compare_resources(results: Results, other: Results | None) -> list[tuple[str, str, str, str]]:
    """Return the name of each resource, its use, what the work needs, and the latter in the other scenario."""
    known = {each.resource: each for each in other.resources} if other else {}

    def percent(figure: Figure | None) -> str:
        return report.format_interval(figure, 100, " %") if figure else "–"

    return [
        (
            report.name_resource(each.resource),
            percent(each.used),
            percent(each.needed),
            percent(known[each.resource].needed if each.resource in known else None),
        )
        for each in results.resources
    ]


@dataclass(frozen=True)
class DayChart:
    """A chart by day, and its table."""

    title: str
    chart: Markup
    columns: list[str]
    rows: list[tuple[str, list[str]]]


def create_charts(results: Results) -> Iterator[DayChart]:
    """Create the charts of the steps at which patients wait longest."""
    steps = [step for step in report.sort_steps(results) if step.resource and (step.p90.value or 0) > 0][:MAX_LINES]
    days = [str(date.fromisoformat(results.start) + timedelta(days=day)) for day in range(results.days)]
    if not steps:
        return
    longest = max(figure.value or 0 for step in steps for figure in step.p90_by_day)
    unit, factor = (" d", 1 / 24) if longest > 48 else (" h", 1)
    kinds = (
        ("Patients who wait at the end of the day", "queue_by_day", "", 1.0, report.format_interval),
        ("9 of 10 patients wait at most", "p90_by_day", unit, factor, report.format_hours_interval),
    )
    for title, name, own_unit, own_factor, form in kinds:
        figures = {step.label: getattr(step, name) for step in steps}
        texts = {label: [form(figure) for figure in own] for label, own in figures.items()}
        lines = [
            Series(_shorten(label), [None if f.value is None else f.value * own_factor for f in own], texts[label])
            for label, own in figures.items()
        ]
        chart = Chart(f"{title}: chart of the table below", days, lines, own_unit).draw()
        rows = [(f"Day {day}", [own[day - 1] for own in texts.values()]) for day in range(1, results.days + 1)]
        yield DayChart(title, chart, list(figures), rows)


def _shorten(label: str) -> str:
    return label if len(label) <= MAX_LABEL else label[: MAX_LABEL - 1] + "…"


def draw_pictures(results: Results) -> list[tuple[str, Markup]]:
    """Draw the diagrams on which patients wait, the one with the limit first."""
    limits = {step.label for step in results.steps if step.resource and step.resource == results.bottleneck}
    return sorted(_draw_planes(results), key=lambda picture: not any(f"{each} ▲" in picture[1] for each in limits))


def _draw_planes(results: Results) -> Iterator[tuple[str, Markup]]:
    """Draw the diagrams on which patients wait, with what 9 of 10 wait at most; the limit is marked by ▲."""
    by_step = {step.step: step for step in results.steps if (step.p90.value or 0) > 0}
    for path in sorted((ROOT / "processes").glob("*.bpmn")):
        picture = _read_picture(path)
        for plane in picture.planes:
            shown = [shape.element.id for shape in plane.shapes if shape.element.id in by_step]
            if shown:
                marks = {step: _mark(by_step[step], results) for step in shown}
                waits = ", ".join(f"{by_step[step].label} {marks[step].text}" for step in shown)
                svg = draw_svg(plane, marks, f"{plane.title}: diagram. 9 of 10 wait at most: {waits}.")
                yield plane.title, Markup(svg)  # noqa: S704


@lru_cache(maxsize=16)
def _read_picture(path: Path) -> Any:
    return read_picture(parse(path.read_text(encoding="utf-8")))


def _mark(step: StepResult, results: Results) -> Heat:
    hours = step.p90.value or 0
    is_limit = step.resource == results.bottleneck
    text = f"{'▲ ' if is_limit else ''}{report.format_hours(hours)}"
    return Heat(text, 1.0 if is_limit else min(hours / DARK_H, 1) * 0.55)
