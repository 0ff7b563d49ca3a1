"""A finished simulation as the page /staff/what-if finds it, without simulating."""

from __future__ import annotations

import json
from pathlib import Path

from processes.elements import ReceiveTask, UserTask
from simulation.recording import JOURNEY, Recording, Usage, Wait
from simulation.report import to_csv, to_json
from simulation.resources import DAY_MS, HOUR_MS
from simulation.results import Results, compute_results
from simulation.runs import RESULTS, SCENARIO, TABLE

DAYS = 14


def invent_results(name: str, places: int = 40, replications: int = 3) -> Results:
    """Return results in which the laboratory is the limit: the fewer places, the longer the wait."""
    names = {UserTask.VISIT_PATIENT: "Visit patient and take sample", UserTask.WRITE_DOCTORS_REPORT: "Write report"}
    recordings = [_invent_recording(places, number) for number in range(replications)]
    origins = {"arrivals_per_day": "learnt from 340 records", "shares.lab_result": "stated"}
    return compute_results(name, "time lapse", 1, recordings, names, origins, "2026-03-02")


def _invent_recording(places: int, number: int) -> Recording:
    made = Recording(0, DAYS * DAY_MS)
    growth = HOUR_MS * 40 // places
    for case in range(DAYS * 20 + number * 7):
        ready = case * DAY_MS // 20
        wait = ready + case * growth
        started = wait if wait < made.end_ms else None
        made.arrivals_ms[f"S-{case}"] = ready
        made.waits[ReceiveTask.WAIT_FOR_TEST_RESULT].append(Wait(ready, started, started, f"S-{case}"))
        made.waits[UserTask.VISIT_PATIENT].append(Wait(ready, ready + HOUR_MS * (case % 5), ready + 6 * HOUR_MS))
        made.waits[UserTask.WRITE_DOCTORS_REPORT].append(Wait(ready, ready + HOUR_MS // 2, ready + HOUR_MS))
        made.waits[JOURNEY].append(Wait(ready, started, started))
    made.roles = {
        ReceiveTask.WAIT_FOR_TEST_RESULT: "laboratory-places",
        UserTask.VISIT_PATIENT: "medical-team",
        UserTask.WRITE_DOCTORS_REPORT: "doctors",
    }
    made.usage["laboratory-places"] = Usage(95, 100, 100 + 4000 // places, places)
    made.usage["medical-team"] = Usage(60, 100, 62, 6)
    made.usage["doctors"] = Usage(20, 100, 20, 3)
    return made


def store_run(folder: Path, name: str, places: int = 40, run_id: str = "") -> str:
    """Store a finished run in the folder of the simulations; returns its id."""
    run_id = run_id or f"{places:016x}"
    run = folder / "runs" / run_id
    run.mkdir(parents=True)
    results = invent_results(name, places)
    (run / SCENARIO).write_text(json.dumps({"scenario": {"name": name}, "is_fast": False}))
    (run / RESULTS).write_text(to_json(results))
    (run / TABLE).write_text(to_csv(results))
    return run_id
