"""Pictures of running cases list each step with cases, whatever diagram was deployed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from camunda7.diagrams.canvas import PAPER
from config.settings import ROOT
from processes.positions import ActivityCount
from webapp.staff.pathway import NO_PLACE, NOT_DRAWN, UNMEASURED, Drawing, _draw_planes, create_mark

KEY, STEP = "tell_by_telephone", "Task_TellPatient"
SOURCE = (ROOT / "processes" / f"{KEY}.bpmn").read_text()
COUNT = ActivityCount(3, timedelta(hours=5), timedelta(hours=1), "instance", 0)


def pictures(source: str, *steps: str) -> list[Drawing]:
    return list(_draw_planes(KEY, source, dict.fromkeys(steps, COUNT), {}))


def test_a_step_is_in_the_picture_and_in_its_table() -> None:
    [drawing] = pictures(SOURCE, STEP, f"{STEP}#multiInstanceBody")
    assert (drawing.title, drawing.reason) == ("Telephone message", "")
    assert "3 at Deliver message by telephone" in drawing.svg
    assert [step.name for step in drawing.steps] == ["Deliver message by telephone"]


@pytest.mark.parametrize(
    "source", ["", "<a", "<a/>", "<!DOCTYPE a><a/>", SOURCE.partition("<bpmndi:BPMNDiagram")[0] + "</bpmn:definitions>"]
)
def test_a_diagram_that_can_not_be_drawn_has_a_table_only(source: str) -> None:
    [drawing] = pictures(source, STEP)
    assert (drawing.title, drawing.svg, drawing.reason) == (KEY, "", NOT_DRAWN)
    assert [step.activities for step in drawing.steps] == [COUNT]


def test_a_step_that_is_not_in_the_diagram_is_listed_separately() -> None:
    drawing, others = pictures(SOURCE, STEP, "Task_Former")
    assert drawing.svg
    assert (others.svg, others.reason) == ("", NO_PLACE)
    assert [step.name for step in others.steps] == ["Task_Former"]


@pytest.mark.parametrize(
    ("target", "incidents", "text"),
    [
        (timedelta(hours=6), 0, "3 · 60 min"),
        (timedelta(hours=4), 0, "▲ 3 · 60 min"),
        (timedelta(hours=6), 1, "! 3 · 60 min"),
        (None, 0, "3 · 60 min"),
    ],
)
def test_a_badge_has_a_sign_for_a_wait_beyond_the_target_and_for_an_incident(
    target: timedelta | None, incidents: int, text: str
) -> None:
    mark = create_mark(replace(COUNT, incidents=incidents), target)
    assert mark.text == text
    # white text on a dark colour goes with a sign
    assert (mark.paint.ink == PAPER) == (text[0] in "▲!")


def test_colours_of_a_heat_depend_on_the_target_alone() -> None:
    paints = [create_mark(COUNT, COUNT.longest * share).paint for share in (10, 2, 1.01, 0.99, 0.4)]
    assert len({paint.fill for paint in paints}) >= 4
    assert [paint.ink == PAPER for paint in paints] == [False, False, False, True, True]
    assert create_mark(COUNT, None).paint == UNMEASURED


def test_a_collapsed_sub_process_shows_how_many_cases_are_inside() -> None:
    source = (ROOT / "processes" / "corona_care.bpmn").read_text()
    inside = {"Task_WriteDoctorsReport": COUNT, "Task_PublishReport": replace(COUNT, count=4)}
    main, *others = _draw_planes("corona_care", source, inside, {"Task_WriteDoctorsReport": timedelta(hours=1)})
    assert ">▲ 7<" in main.svg
    assert [step.name for drawing in others for step in drawing.steps] == ["Write doctor's report", "Publish report"]
