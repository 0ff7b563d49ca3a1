"""Write the reference pages below a folder: `python -m tools.reference .`"""

from __future__ import annotations

import sys
from pathlib import Path

from tools.reference import metrics, settings, toolkit, variables

PAGES = {
    "docs/reference/metrics.md": metrics.written,
    "docs/reference/settings.md": settings.written,
    "docs/reference/variables.md": variables.written,
    "camunda7/REFERENCE.md": toolkit.written,
}


def main(folder: Path) -> None:
    for name, written in PAGES.items():
        page = folder / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
