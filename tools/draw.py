"""Draw the diagrams for docs/ with bpmn-js in Chromium: `python -m tools.draw FOLDER`."""

import sys
from pathlib import Path

from playwright.sync_api import Browser, Error

from tests.support.chromium import launched

ROOT = Path(__file__).parent.parent
VIEWER = ROOT / "node_modules/bpmn-js/dist/bpmn-viewer.production.min.js"
OPEN = """async xml => {
    const viewer = window.viewer = new BpmnJS({container: '#canvas'});
    await viewer.importXML(xml);
    return viewer.get('canvas').getRootElements().map(root => root.id);
}"""
SHOW = """id => {
    const canvas = window.viewer.get('canvas');
    canvas.setRootElement(canvas.findRoot(id));
    const box = canvas.viewbox().inner, frame = document.querySelector('#canvas');
    frame.style.width = box.width + 40 + 'px';
    frame.style.height = box.height + 40 + 'px';
    canvas.resized();
    canvas.viewbox({x: box.x - 20, y: box.y - 20, width: box.width + 40, height: box.height + 40});
    document.querySelectorAll('.bjs-breadcrumbs, .bjs-drilldown').forEach(element => element.remove());
}"""


def draw(browser: Browser, source: Path, folder: Path) -> None:
    """Draw a diagram as a PNG file, and each collapsed sub-process of it as another one."""
    page = browser.new_page()
    page.set_content('<div id="canvas" style="width:100px;height:100px"></div>')
    page.add_script_tag(path=VIEWER)
    for root in page.evaluate(OPEN, source.read_text()):
        page.evaluate(SHOW, root)
        own = root.removesuffix("_plane").partition("_")[2]
        name = source.stem if own == source.stem else f"{source.stem}-{own}"
        page.locator("#canvas").screenshot(path=folder / f"{name}.png")
    page.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with launched() as browser:
        for source in sorted((ROOT / "processes").glob("*.bpmn")):
            try:
                draw(browser, source, folder)
            except Error as error:
                sys.exit(f"{source.name} can't be drawn ({error.message.splitlines()[0]}); see `make check`")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
