"""A diagram with a damaged picture: /staff/now shows the tables, and a deployment works without the picture."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from camunda7.release.deploy import deploy, resources
from config import settings
from config.settings import ROOT
from deployment.__main__ import NAME, load_declared
from processes.engine import Engine
from tests.support.case import CaseUnderTest
from tests.support.chromium import DESKTOP

pytestmark = [pytest.mark.browser, pytest.mark.serial]

FILE = "take_sample.bpmn"
STEP = "Visit patient and take sample"
FIELDS = {"deployment-name": NAME, "deployment-source": NAME}
DAMAGES = {
    "a plane of an element that isn't there": (r'(BPMNPlane id="\w+" bpmnElement=")\w+', r"\1Process_1"),
    "no picture": (r"(?s)<bpmndi:BPMNDiagram.*</bpmndi:BPMNDiagram>", ""),
    "a step far away": (r'(bpmnElement="Task_VisitPatient">\s*<dc:Bounds x=")\d+', r"\g<1>1e300"),
}


@pytest.fixture
def deployer(state: dict[str, Any]) -> Iterator[Engine]:
    """The engine for the deployer's account; after the test the original files are deployed again."""
    engine = Engine(state["engine"], **state["accounts"]["deployer"])
    yield engine
    engine.upload("/deployment/create", FIELDS, resources(ROOT))


@pytest.fixture
def manager(state: dict[str, Any], new_page: Callable[..., Page]) -> Page:
    account, page = state["accounts"]["process_manager"], new_page(DESKTOP)
    page.goto(state["webapp"] + "/staff/sign-in")
    page.fill("#username", account["username"])
    page.fill("#password", account["password"])
    page.get_by_role("button", name="Sign in").click()
    return page


def test_a_damaged_picture_breaks_neither_page_nor_deployment(
    state: dict[str, Any], deployer: Engine, manager: Page, case: CaseUnderTest, tmp_path: Path
) -> None:
    case.reach_visit()
    for damage, (old, new) in DAMAGES.items():
        files = resources(ROOT)
        changed, count = re.subn(old, new, files[FILE].decode())
        assert count, damage
        deployer.upload("/deployment/create", FIELDS, {**files, FILE: changed.encode()})

        response = manager.goto(state["webapp"] + "/staff/now")

        assert response is not None
        assert response.status == 200, damage
        row = manager.get_by_role("row").filter(has=manager.get_by_role("rowheader", name=STEP, exact=True))
        expect(row, damage).to_have_count(1)

        # and the next deployment repairs it
        output: list[str] = []
        page = tmp_path / "no folder" / "changes.html" if damage == "no picture" else tmp_path / "changes.html"
        assert deploy(deployer, NAME, ROOT, load_declared(settings.load()), output.append, page), damage
        assert any("only how it is drawn" in line for line in output), output
        not_drawn = [line for line in output if "the changes couldn't be drawn" in line]
        assert bool(not_drawn) == (damage == "no picture"), output
