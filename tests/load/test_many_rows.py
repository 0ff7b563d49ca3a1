"""Response times of the managers' pages over 10, 1,000 and many closed cases: a million with LOAD=long."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.settings import ROOT, environment_name
from kpi.indicators import compute_kpis
from kpi.rows import CaseRow
from records import database
from stack.platform import Platform
from tests.load.page_times import measure_page_s
from tests.support.managers import signed_in_manager
from tests.support.platform import running_platform, without_settings
from tests.support.postgresql import postgresql

pytestmark = [pytest.mark.engine, pytest.mark.verify]
LONG = bool(os.environ.get("LOAD"))
DATABASES = ("sqlite", "postgresql") if LONG else ("sqlite",)
COUNTS = (10, 1_000, 1_000_000 if LONG else 20_000)
PATHS = (
    "/staff/kpis",
    "/staff/kpis?first=2020-03-17&last=2021-01-20",
    "/staff/closed",
    "/staff/closed?outcome=care_completed",
)
MAX_RATIO = 2.0
# maximum number of cases of other tests in the same database
MAX_OTHERS = 1000
YEAR_BEGAN = datetime(2020, 3, 1, tzinfo=UTC)
COLUMNS = (
    "case_reference", "orientation", "outcome", "result", "classification", "onset_date", "evaluation_requested_at",
    "sample_taken_at", "result_told_at", "report_published_at", "care_completed_at", "contacts_named",
    "contacts_notified", "contacts_notified_in_24_h", "contacts_notified_at", "came_as_contact", "rating",
    "correction_number", "closed_at", "recorded_at",
)  # fmt: skip


def generate_rows(first: int, last: int) -> Iterator[tuple[Any, ...]]:
    """Generate rows of cases that closed during a year."""
    rng = random.Random(first)
    for number in range(first, last):
        moments = [YEAR_BEGAN + timedelta(minutes=rng.randrange(365 * 24 * 60))]
        for mean_h in (20, 24, 12, 1, 30):
            moments.append(moments[-1] + timedelta(hours=rng.expovariate(1 / mean_h)))
        requested, sampled, result_sent, reported, completed, notified = (
            moment.isoformat(timespec="milliseconds") for moment in moments
        )
        is_positive = rng.random() < 0.3
        named = rng.randrange(8) if is_positive else None
        yield (
            f"M-{number}", "evaluation_needed", "care_completed", "positive" if is_positive else "negative",
            "confirmed" if is_positive else "not_a_case", str((moments[1] - timedelta(days=3)).date()), requested,
            sampled, result_sent, reported, completed, named, named, named and named // 2, notified if named else None,
            rng.random() < 0.1, rng.randrange(1, 6), 0, completed, completed,
        )  # fmt: skip


def insert_rows(count: int) -> None:
    """Insert rows until there are `count` generated ones."""
    with database.database.connection_context():
        existing = CaseRow.select().where(CaseRow.case_reference.startswith("M-")).count()
        places = ", ".join([database.database.param] * len(COLUMNS))
        insert = f"INSERT INTO case_row ({', '.join(COLUMNS)}) VALUES ({places})"
        with database.write_transaction():
            database.database.cursor().executemany(insert, generate_rows(existing, count))


def rebuild_tallies() -> tuple[float, str]:
    """Run the command of `make rebuild`; returns its duration in seconds and its output."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "kpi", "rebuild"],
        cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return time.perf_counter() - began, done.stdout


@pytest.fixture(params=DATABASES)
def platform_on(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    """A platform with its records in each kind of database."""
    if request.param == "sqlite":
        yield request.getfixturevalue("platform")
        return
    with postgresql() as server, pytest.MonkeyPatch.context() as patch:
        records = {environment_name("records", "database_url"): server.url_of("records")}
        patch.setattr(os, "environ", {**without_settings(os.environ), **records})
        with running_platform(tmp_path / "platform") as platform:
            yield platform


def test_the_pages_take_as_long_over_many_cases_as_over_few(platform_on: Platform) -> None:
    database.open(os.environ[environment_name("records", "database_url")])
    manager = signed_in_manager(platform_on.state)
    took: dict[tuple[int, str], float] = {}
    for count in COUNTS:
        insert_rows(count)
        seconds, printed = rebuild_tallies()
        print(f"{count} rows: rebuilt in {seconds:.1f} s")
        closed = CaseRow.select().where(CaseRow.outcome.is_null(False)).count()
        assert count <= closed < count + MAX_OTHERS
        assert f"{closed} of {closed} cases" in printed
        # a second run finds no difference
        assert "were right" in rebuild_tallies()[1]
        assert next(figure.value for figure in compute_kpis() if figure.key == "closed") == closed
        for path in PATHS:
            took[count, path] = measure_page_s(manager, path)
            print(f"{count} rows: {path} in {1000 * took[count, path]:.0f} ms")
    database.database.close()
    few, many = COUNTS[1:]
    for path in PATHS:
        ratio = took[many, path] / took[few, path]
        print(f"{path}: {many} rows take {ratio:.2f} times as long as {few}")
        assert not LONG or ratio <= MAX_RATIO
