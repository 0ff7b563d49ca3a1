"""Memory and CPU time of processes."""

from __future__ import annotations

import os
from pathlib import Path


def megabytes(process: int) -> int:
    """Resident memory of a process and its children."""
    kilobytes = sum(_kilobytes(each) for each in (process, *_children(process)))
    return kilobytes // 1024


def cpu_seconds(process: int) -> float:
    """CPU time of a process and its children."""
    return sum(_ticks(each) for each in (process, *_children(process))) / os.sysconf("SC_CLK_TCK")


def _children(process: int) -> list[int]:
    # each thread has its own list of children
    lists = Path(f"/proc/{process}/task").glob("*/children")
    return [int(child) for found in lists for child in found.read_text().split()]


def _kilobytes(process: int) -> int:
    [line] = [line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS")]
    return int(line.split()[1])


def _ticks(process: int) -> int:
    """User and system time of a process, including its ended children; 0 if it has just ended."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(map(int, fields[11:15]))
