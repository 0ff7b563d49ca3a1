"""Draws the diagrams for docs/ with bpmn-js in Chromium: python tools/draw.py FOLDER."""

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parent.parent
VIEWER = ROOT / "node_modules/bpmn-js/dist/bpmn-viewer.production.min.js"
IMPORT = """async xml => {
    const viewer = new BpmnJS({container: '#canvas'});
    await viewer.importXML(xml);
    const canvas = viewer.get('canvas'), box = canvas.viewbox().inner;
    const frame = document.querySelector('#canvas');
    frame.style.width = box.width + 40 + 'px';
    frame.style.height = box.height + 40 + 'px';
    canvas.resized();
    canvas.viewbox({x: box.x - 20, y: box.y - 20, width: box.width + 40, height: box.height + 40});
}"""


def draw(browser: Browser, source: Path, target: Path) -> None:
    page = browser.new_page()
    page.set_content('<div id="canvas" style="width:100px;height:100px"></div>')
    page.add_script_tag(path=VIEWER)
    page.evaluate(IMPORT, source.read_text())
    page.locator("#canvas").screenshot(path=target)
    page.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for source in sorted((ROOT / "processes").glob("*.bpmn")):
            draw(browser, source, folder / f"{source.stem}.png")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
