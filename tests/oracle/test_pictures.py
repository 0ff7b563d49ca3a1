"""Our drawings of the diagrams compared with those of bpmn-js, element by element."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from camunda7.diagrams import draw_svg, read_planes
from config.settings import ROOT
from tools.draw import OPEN, VIEWER

pytestmark = pytest.mark.browser
DIAGRAMS = sorted((ROOT / "processes").glob("*.bpmn"))
# has each element that bpmn-js draws; the processes have no artifacts, data objects, ad-hoc sub-processes, …
EVERY = ROOT / "tests" / "oracle" / "diagrams" / "every_element.bpmn"
WITHIN_PX = 1
# boxes of the first shape of each drawn element, without labels
THEIRS = """id => {
    const canvas = window.viewer.get('canvas');
    canvas.setRootElement(canvas.getRootElements().find(root => [id, id + '_plane'].includes(root.id)));
    const boxes = {};
    for (const element of window.viewer.get('elementRegistry').getAll()) {
        const visual = canvas.getGraphics(element)?.querySelector(':scope > .djs-visual');
        const drawn = visual?.querySelector(':scope > :is(rect, circle, polygon, path)');
        if (!drawn || element.labelTarget || canvas.findRoot(element) !== canvas.getRootElement()) continue;
        const box = drawn.getBBox(), at = element.waypoints ? {x: 0, y: 0} : element;
        boxes[element.id] = [at.x + box.x, at.y + box.y, box.width, box.height];
    }
    return boxes;
}"""
OURS = """() => Object.fromEntries([...document.querySelectorAll('svg > g[id]')].map(group => {
    const box = group.firstElementChild.getBBox();
    return [group.id, [box.x, box.y, box.width, box.height]];
}))"""


@pytest.fixture(params=[*DIAGRAMS, EVERY], ids=lambda path: path.stem)
def source(request: pytest.FixtureRequest) -> Path:
    return request.param


@pytest.fixture
def viewer(chromium: Browser, source: Path) -> Iterator[Page]:
    page = chromium.new_page()
    page.set_content('<div id="canvas" style="width:2500px;height:1500px"></div>')
    page.add_script_tag(path=VIEWER)
    page.evaluate(OPEN, source.read_text())
    yield page
    page.close()


def test_each_element_is_where_bpmn_js_draws_it(chromium: Browser, viewer: Page, source: Path) -> None:
    page, compared = chromium.new_page(), 0
    for plane in read_planes(source.read_bytes()):
        theirs = viewer.evaluate(THEIRS, plane.element.id)
        page.set_content(draw_svg(plane, {}, "a picture"))
        ours = page.evaluate(OURS)
        assert ours.keys() == theirs.keys()
        assert {name: (ours[name], theirs[name]) for name in ours if not near(ours[name], theirs[name])} == {}
        compared += len(ours)
    page.close()
    assert compared > 10


def near(ours: list[float], theirs: list[float]) -> bool:
    return all(abs(one - other) <= WITHIN_PX for one, other in zip(ours, theirs, strict=True))


def test_a_shape_of_another_size_is_found(chromium: Browser, viewer: Page, source: Path) -> None:
    text: Any = source.read_text()
    moved = text.replace(' height="80" />', ' height="82.5" />')
    assert moved != text
    plane = read_planes(moved)[0]
    theirs = viewer.evaluate(THEIRS, plane.element.id)
    page = chromium.new_page()
    page.set_content(draw_svg(plane, {}, "a picture"))
    ours = page.evaluate(OURS)
    page.close()
    assert [name for name in ours if not near(ours[name], theirs[name])] != []
