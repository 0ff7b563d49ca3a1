"""Writes a message into a folder, from which the receiver takes files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from hosting.clients.service import Unavailable
from reporting.message import Message


@dataclass(frozen=True)
class Folder:
    """A folder. A file is named by its message's control id, so that a repetition replaces it."""

    path: Path

    def send(self, message: Message) -> None:
        """Write a file, complete and on disk before it has its name.

        Raises:
            Unavailable: the folder can't be written.
        """
        path = self.path / f"{message.control_id}{message.suffix}"
        # the dot: receivers skip files that are being written
        unfinished = path.with_name(f".{path.name}.part")
        try:
            with unfinished.open("wb") as file:
                file.write(message.content)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
            self._flush_names()
        except OSError as error:
            raise Unavailable(f"reports.url: the folder can't be written ({type(error).__name__})") from None

    def _flush_names(self) -> None:
        """Write the folder's entries to disk, so that the file has its name after a power failure."""
        folder = os.open(self.path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
