"""Watched folder: a laboratory's system, or its SFTP server, puts files there; they are stored and deleted.

A file is read when its size and time haven't changed between two looks. Names that begin with a dot or end in .tmp or
.part are files that are still being written.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from services.lab.gateway.messages.reports import Format
from services.lab.gateway.transmissions import Refused

log = logging.getLogger("services.lab.gateway.folder")

INTERVAL_S = 2.0
UNFINISHED = (".tmp", ".part")
FORMATS = {".csv": Format.CSV, ".txt": Format.CSV, ".hl7": Format.HL7, ".json": Format.FHIR, ".fhir": Format.FHIR}
# of refused files, within the watched folder; each beside a file with the reason
REFUSED = "refused"


class Folder:
    """A watched folder.

    Args:
        store: stores a content of a format on disk; raises Refused for one that is refused for good.
        max_bytes: of a file; a larger one isn't read.
    """

    def __init__(self, path: Path, store: Callable[[bytes, Format | None], object], max_bytes: int):
        self._path = path
        self._store = store
        self._max_bytes = max_bytes
        self._seen: dict[Path, tuple[int, int]] = {}

    def read(self) -> None:
        """Store the files that are complete, and delete each that is stored."""
        seen: dict[Path, tuple[int, int]] = {}
        for path in sorted(self._path.iterdir()):
            if not path.is_file() or path.is_symlink() or path.name.startswith(".") or path.suffix in UNFINISHED:
                continue
            status = path.stat()
            seen[path] = (status.st_size, status.st_mtime_ns)
            if self._seen.get(path) == seen[path]:
                self._read_file(path)
        self._seen = seen

    def _read_file(self, path: Path) -> None:
        try:
            # one byte more than permitted: the inbox refuses it
            with path.open("rb") as file:
                content = file.read(self._max_bytes + 1)
            self._store(content, FORMATS.get(path.suffix.lower()))
        except Refused as refused:
            self._move(path, str(refused))
            return
        path.unlink()

    def _move(self, path: Path, reason: str) -> None:
        log.warning("a file was refused: %s", reason)
        folder = self._path / REFUSED
        folder.mkdir(exist_ok=True)
        (folder / f"{path.name}.reason.txt").write_text(reason + "\n", encoding="utf-8")
        path.replace(folder / path.name)
