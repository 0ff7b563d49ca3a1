"""What a part of the platform uses of the machine's memory."""

from __future__ import annotations

from pathlib import Path


def megabytes(process: int) -> int:
    """Resident memory of a process and its children."""
    kilobytes = sum(_kilobytes(each) for each in (process, *_children(process)))
    return kilobytes // 1024


def _children(process: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _kilobytes(process: int) -> int:
    [line] = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])
