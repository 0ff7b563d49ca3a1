"""Pictures of running cases list each step with cases, whatever diagram was deployed."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.settings import ROOT
from processes.positions import ActivityCount
from webapp.staff.now import NO_PLACE, NOT_DRAWN, Drawing, _draw_planes

KEY, STEP = "tell_by_telephone", "Task_TellPatient"
SOURCE = (ROOT / "processes" / f"{KEY}.bpmn").read_text()
COUNT = ActivityCount(3, timedelta(hours=5), timedelta(hours=1), "instance", 0)


def pictures(source: str, *steps: str, max_heat: float = 1.0) -> list[Drawing]:
    return list(_draw_planes(KEY, source, dict.fromkeys(steps, COUNT), max_heat))


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
