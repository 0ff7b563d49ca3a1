"""Pictures of what stands where: whatever was deployed, no step at which cases stand is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest

from config.settings import ROOT
from processes.positions import ActivityCount
from webapp.staff.now import NO_PLACE, NOT_DRAWN, Drawing, _pictures

KEY, STEP = "tell_by_telephone", "Task_TellPatient"
SOURCE = (ROOT / "processes" / f"{KEY}.bpmn").read_text()
STANDING = ActivityCount(3, timedelta(hours=5), timedelta(hours=1), "instance", 0)


def pictures(source: str, *steps: str, hottest: float = 1.0) -> list[Drawing]:
    return list(_pictures(KEY, source, dict.fromkeys(steps, STANDING), hottest))


def test_a_step_is_on_the_picture_and_in_its_table() -> None:
    [drawing] = pictures(SOURCE, STEP, f"{STEP}#multiInstanceBody")
    assert (drawing.title, drawing.why) == ("Telephone message", "")
    assert "3 at Deliver message by telephone" in drawing.svg
    assert [step.name for step in drawing.steps] == ["Deliver message by telephone"]


@pytest.mark.parametrize(
    "source", ["", "<a", "<a/>", "<!DOCTYPE a><a/>", SOURCE.partition("<bpmndi:BPMNDiagram")[0] + "</bpmn:definitions>"]
)
def test_without_a_picture_there_is_the_table(source: str) -> None:
    [drawing] = pictures(source, STEP)
    assert (drawing.title, drawing.svg, drawing.why) == (KEY, "", NOT_DRAWN)
    assert [step.standing for step in drawing.steps] == [STANDING]


def test_a_step_of_an_older_version_is_told_beside_the_picture() -> None:
    drawing, others = pictures(SOURCE, STEP, "Task_Former")
    assert drawing.svg
    assert (others.svg, others.why) == ("", NO_PLACE)
    assert [step.name for step in others.steps] == ["Task_Former"]
