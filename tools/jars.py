"""List the libraries in the engine's jar, one per line; `make lock` stores the list in engine/dependencies.txt."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

JAR = Path(__file__).parent.parent / "engine" / "target" / "engine.jar"
LIBRARY = re.compile(r"BOOT-INF/lib/(.+?)-(\d+\..*)\.jar")


def list_libraries(jar: Path = JAR) -> list[str]:
    with zipfile.ZipFile(jar) as archive:
        found = [LIBRARY.fullmatch(name) for name in archive.namelist()]
    return sorted(f"{match[1]} {match[2]}" for match in found if match)


if __name__ == "__main__":
    print("\n".join(list_libraries()))
