"""Concurrent KPI workers that record the same cases, on each kind of database; the tallies are rebuilt."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.settings import ROOT, environment_name
from kpi.indicators import compute_kpis
from kpi.rows import CaseRow, KpiRows, rebuild
from kpi.tallies import Tally
from records import database
from tests.support.postgresql import postgresql

CASES, WORKERS = 200, 3
# each worker has an order of its own; of each case first the result, then the end, of some a correction
RECORDS = f"""
import random, sys
from datetime import UTC, datetime, timedelta
from records import database
from kpi.rows import KpiRows

database.open(sys.argv[1])
rng = random.Random(int(sys.argv[2]))
rows, noon = KpiRows(), datetime(2020, 3, 20, 12, tzinfo=UTC)
for number in rng.sample(range({CASES}), {CASES}):
    told_at = noon + timedelta(minutes=number)
    rows.record(f"C-{{number}}", sample_taken_at=noon, result_told_at=told_at, result="positive")
    rows.record(f"C-{{number}}", outcome="care_completed", care_completed_at=told_at, rating=number % 5 + 1)
    if number % 3 == 0:
        rows.record(f"C-{{number}}", 1, outcome="care_completed", result="negative", rating=5)
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/records.db"
        database.upgrade(url)
        yield url
        return
    with postgresql() as server:
        url = server.url_of("records")
        database.upgrade(url)
        yield url


def test_each_case_is_counted_once(url: str) -> None:
    command = [sys.executable, "-W", "error", "-c", RECORDS, url]
    workers = [subprocess.Popen([*command, str(number)], cwd=ROOT) for number in range(WORKERS)]
    assert [worker.wait(120) for worker in workers] == [0] * WORKERS
    database.open(url)
    with database.database.connection_context():
        tallies = sorted(Tally.select().tuples())
        figures = {figure.key: figure.value for figure in compute_kpis()}
        assert CaseRow.select().count() == CASES
        assert figures["ended_care_completed"] == figures["ratings"] == CASES
        assert (figures["positive"], figures["negative"]) == (CASES - 67, 67)
        assert figures["sample_to_result_mean"] == sum(60 * each for each in range(CASES) if each % 3) / (CASES - 67)
        assert rebuild()
        Tally.delete().where(Tally.figure == "rating").execute()
    rebuilding = subprocess.run(
        [sys.executable, "-m", "kpi", "rebuild"],
        cwd=ROOT,
        env={"PATH": "", environment_name("records", "database_url"): url},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"{CASES} of {CASES} cases" in rebuilding.stdout
    assert rebuilding.stdout.splitlines()[-1] == "the sums of the KPIs were wrong, and are corrected"
    with database.database.connection_context():
        assert sorted(Tally.select().tuples()) == tallies


def test_invented_cases_are_not_counted_among_recorded_ones(url: str) -> None:
    database.open(url)
    with database.database.connection_context():
        for number in range(5):
            KpiRows().record(f"C-{number}", outcome="care_completed", result="positive", rating=4)
        before = compute_kpis()
    database.database.close()
    assert run_kpi("invent", "2", url=url).endswith(" invented cases")
    database.open(url)
    with database.database.connection_context():
        assert compute_kpis() == before
        assert compute_kpis(invented=True)[0].value == CaseRow.select().count() > 5
        assert run_kpi("rebuild", url=url).endswith("were right")
    assert run_kpi("invent", "0", url=url) == "0 invented cases"
    with database.database.connection_context():
        assert (compute_kpis(), compute_kpis(invented=True)) == (before, before)


def run_kpi(*arguments: str, url: str) -> str:
    """Run a command of `python -m kpi`; returns the last line of its output."""
    done = subprocess.run(
        [sys.executable, "-m", "kpi", *arguments],
        cwd=ROOT,
        env={"PATH": "", environment_name("records", "database_url"): url},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()[-1]
