"""What a part of the platform uses of the machine."""

from __future__ import annotations

import os
from pathlib import Path


def megabytes(process: int) -> int:
    """Resident memory of a process and its children."""
    kilobytes = sum(_kilobytes(each) for each in (process, *_children(process)))
    return kilobytes // 1024


def cpu_seconds(process: int) -> float:
    """What a process and its children have computed so far."""
    return sum(_ticks(each) for each in (process, *_children(process))) / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    # any of its threads may have started one
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for found in lists for child in found.read_text().split()]


def _kilobytes(process: int) -> int:
    [line] = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


def _ticks(process: int) -> int:
    """User and system time, its ended children's too; none of a process that has ended just now."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))
