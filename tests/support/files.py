"""What is in the files of a folder, as whoever has the disk reads them."""

from __future__ import annotations

from pathlib import Path


def is_in_files(word: str, folder: Path) -> bool:
    return any(word.encode() in path.read_bytes() for path in folder.rglob("*") if path.is_file())
