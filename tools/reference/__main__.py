"""Write the reference pages: `python -m tools.reference FOLDER`."""

from __future__ import annotations

import sys
from pathlib import Path

from tools.reference import metrics, settings, variables

PAGES = {"metrics.md": metrics.written, "settings.md": settings.written, "variables.md": variables.written}


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, written in PAGES.items():
        (folder / name).write_text(written(), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
