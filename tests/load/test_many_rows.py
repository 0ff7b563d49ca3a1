"""The managers' page over 10, 1,000 and many more closed cases: a million with LOAD=long."""

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
from tests.load.looks import opened_in_s
from tests.support.managers import signed_in_manager
from tests.support.platform import platform_up, without_settings
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
AT_MOST = 2.0
# at most so many cases of other tests are there, too
OTHERS = 1000
YEAR_BEGAN = datetime(2020, 3, 1, tzinfo=UTC)
COLUMNS = (
    "case_reference", "orientation", "outcome", "result", "classification", "onset_date", "evaluation_requested_at",
    "sample_taken_at", "result_told_at", "report_published_at", "care_completed_at", "contacts_named",
    "contacts_notified", "contacts_notified_in_24_h", "contacts_notified_at", "came_as_contact", "rating",
    "correction_number", "closed_at", "recorded_at",
)  # fmt: skip


def generated(first: int, last: int) -> Iterator[tuple[Any, ...]]:
    """Rows of cases that closed during a year."""
    chance = random.Random(first)
    for number in range(first, last):
        moments = [YEAR_BEGAN + timedelta(minutes=chance.randrange(365 * 24 * 60))]
        for mean_h in (20, 24, 12, 1, 30):
            moments.append(moments[-1] + timedelta(hours=chance.expovariate(1 / mean_h)))
        requested, sampled, told, reported, completed, notified = (
            moment.isoformat(timespec="milliseconds") for moment in moments
        )
        is_positive = chance.random() < 0.3
        named = chance.randrange(8) if is_positive else None
        yield (
            f"M-{number}", "evaluation_needed", "care_completed", "positive" if is_positive else "negative",
            "confirmed" if is_positive else "not_a_case", str((moments[1] - timedelta(days=3)).date()), requested,
            sampled, told, reported, completed, named, named, named and named // 2, notified if named else None,
            chance.random() < 0.1, chance.randrange(1, 6), 0, completed, completed,
        )  # fmt: skip


def filled_up_to(count: int) -> None:
    with database.database.connection_context():
        there = CaseRow.select().where(CaseRow.case_reference.startswith("M-")).count()
        places = ", ".join([database.database.param] * len(COLUMNS))
        insert = f"INSERT INTO case_row ({', '.join(COLUMNS)}) VALUES ({places})"
        with database.write_transaction():
            database.database.cursor().executemany(insert, generated(there, count))


def rebuilt() -> tuple[float, str]:
    """How many seconds `make rebuild` took, and what it printed."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "kpi", "rebuild"],
        cwd=ROOT, env={**os.environ}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return time.perf_counter() - began, done.stdout


@pytest.fixture(params=DATABASES)
def kept_in(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Platform]:
    """A platform whose records this database keeps."""
    if request.param == "sqlite":
        yield request.getfixturevalue("platform")
        return
    with postgresql() as server, pytest.MonkeyPatch.context() as patch:
        records = {environment_name("records", "database_url"): server.url_of("records")}
        patch.setattr(os, "environ", {**without_settings(os.environ), **records})
        with platform_up(tmp_path / "platform") as platform:
            yield platform


def test_the_page_takes_as_long_over_many_cases_as_over_few(kept_in: Platform) -> None:
    database.open(os.environ[environment_name("records", "database_url")])
    manager = signed_in_manager(kept_in.state)
    took: dict[tuple[int, str], float] = {}
    for count in COUNTS:
        filled_up_to(count)
        seconds, printed = rebuilt()
        print(f"{count} rows: rebuilt in {seconds:.1f} s")
        closed = CaseRow.select().where(CaseRow.outcome.is_null(False)).count()
        assert count <= closed < count + OTHERS
        assert f"{closed} of {closed} cases" in printed
        # again, all is right
        assert "were right" in rebuilt()[1]
        assert next(figure.value for figure in compute_kpis() if figure.key == "closed") == closed
        for path in PATHS:
            took[count, path] = opened_in_s(manager, path)
            print(f"{count} rows: {path} in {1000 * took[count, path]:.0f} ms")
    database.database.close()
    few, many = COUNTS[1:]
    for path in PATHS:
        ratio = took[many, path] / took[few, path]
        print(f"{path}: {many} rows take {ratio:.2f} times as long as {few}")
        assert not LONG or ratio <= AT_MOST
