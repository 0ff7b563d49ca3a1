"""Write the reference pages below a folder: `python -m tools.reference .`"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.reference import metrics, settings, toolkit, variables

PAGES = {
    "docs/reference/metrics.md": metrics.render_page,
    "docs/reference/settings.md": settings.render_page,
    "docs/reference/variables.md": variables.render_page,
    "camunda7/REFERENCE.md": toolkit.render_page,
}


def main(folder: Path) -> None:
    for name, render_page in PAGES.items():
        page = folder / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render_page(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
