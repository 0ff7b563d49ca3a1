"""What cases cost the engine's JVM, by Java Flight Recorder: allocated bytes, and where CPU time goes.

Allocation hardly depends on how busy the machine is; samples of CPU time are only shares.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from camunda7.names import PACKAGE

# by default a sample has the innermost 64 frames
JVM_OPTIONS = "-XX:FlightRecorderOptions=stackdepth=256"
RECORDING = "cases"
EXECUTION, HEAP = "jdk.ExecutionSample", "jdk.GCHeapSummary"
# packages of each part; the innermost frame that belongs to one decides
PARTS = {
    "driver and pool": ("org.postgresql.", "org.h2.", "com.zaxxer."),
    "MyBatis": ("org.apache.ibatis.",),
    "FEEL": (f"{PACKAGE}.feel.", "camundajar.impl.scala.", f"{PACKAGE}.bpm.dmn."),
    "JUEL": (f"{PACKAGE}.bpm.impl.juel.", "jakarta.el."),
    "JSON": ("com.fasterxml.", f"{PACKAGE}.spin.", "com.google.gson.", "camundajar.impl.com.google.gson."),
    "engine": (f"{PACKAGE}.bpm.engine.impl.", f"{PACKAGE}.bpm.engine.spring."),
    "REST API": (f"{PACKAGE}.bpm.engine.rest.", "org.glassfish.", "jakarta.ws."),
    "HTTP server": ("org.apache.tomcat.", "org.apache.catalina.", "org.apache.coyote.", "jakarta.servlet."),
    "Spring": ("org.springframework.", f"{PACKAGE}.bpm.spring."),
    "own classes": ("org.coronacare.",),
}
OTHER = "other"


@contextmanager
def recording(process: int, file: Path) -> Iterator[None]:
    """Record a JVM to a file, from one garbage collection to another, so that its heap is counted exactly."""
    _jcmd(process, "GC.run")
    _jcmd(process, "JFR.start", f"name={RECORDING}", "settings=profile")
    # the heap's size at the start
    _jcmd(process, "GC.run")
    try:
        yield
    finally:
        _jcmd(process, "GC.run")
        _jcmd(process, "JFR.stop", f"name={RECORDING}", f"filename={file}")


def read_events(file: Path) -> list[dict[str, Any]]:
    """Return the recording's samples and heap sizes."""
    command = ["jfr", "print", "--json", "--stack-depth", "256", "--events", f"{EXECUTION},{HEAP}", str(file)]
    printed = subprocess.run(command, check=True, capture_output=True).stdout
    events: list[dict[str, Any]] = json.loads(printed)["recording"]["events"]
    return events


def count_allocated(events: list[dict[str, Any]]) -> int:
    """Bytes allocated between the first and the last garbage collection: growth of the heap between collections."""
    heap = sorted(
        ((each["values"]["gcId"], each["values"]["when"], each["values"]["heapUsed"]) for each in _of(events, HEAP)),
        # "Before GC" comes before "After GC" of the same collection
        key=lambda size: (size[0], size[1] != "Before GC"),
    )
    allocated, after = 0, None
    for _, when, used in heap:
        if when == "Before GC" and after is not None:
            allocated += used - after
        if when == "After GC":
            after = used
    return allocated


def count_samples(events: list[dict[str, Any]]) -> Counter[str]:
    """Number of CPU samples by part."""
    return Counter(_part_of(each["values"]["stackTrace"]) for each in _of(events, EXECUTION))


def _of(events: list[dict[str, Any]], kind: str) -> Iterator[dict[str, Any]]:
    return (each for each in events if each["type"] == kind)


def _part_of(trace: dict[str, Any] | None) -> str:
    for frame in trace["frames"] if trace else ():
        name = frame["method"]["type"]["name"].replace("/", ".")
        for part, packages in PARTS.items():
            if name.startswith(packages):
                return part
    return OTHER


def _jcmd(process: int, *arguments: str) -> None:
    command = ["jcmd", str(process), *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
