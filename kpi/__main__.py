"""`python -m kpi rebuild` recomputes the KPI sums from the recorded cases, while the platform runs.

`python -m kpi invent WEEKS` replaces the invented cases of a demo by those of this many weeks; 0 deletes them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config import settings as config
from hosting.schema import SchemaMismatch
from kpi.rows import CaseRow, rebuild
from kpi.synthetic import invent
from records import database

# rows that are read between two lines of progress
PROGRESS_EVERY = 10_000


def main(arguments: list[str]) -> None:
    match arguments:
        case ["rebuild"]:
            _open()
            were_right = rebuild(_shown)
            print(
                "the sums of the KPIs are right" if were_right else "the sums of the KPIs were wrong, and are right now"
            )
        case ["invent", weeks] if weeks.isdecimal():
            _open()
            print(f"{invent(int(weeks), datetime.now(UTC).date())} invented cases")
        case _:
            sys.exit(__doc__)


def _shown(rows: Iterable[CaseRow], count: int) -> Iterator[CaseRow]:
    """Show how far the reading is: as a bar, and where nobody watches as lines."""
    columns = (TextColumn("working out the KPIs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("", total=count)
        for done, row in enumerate(rows, 1):
            yield row
            if done % PROGRESS_EVERY == 0 or done == count:
                progress.update(bar, completed=done)
                if not progress.console.is_terminal:
                    print(f"{done} of {count} cases", flush=True)


def _open() -> None:
    try:
        database.open(config.load().records.database_url)
    except (config.SettingsError, SchemaMismatch) as error:
        sys.exit(str(error))


if __name__ == "__main__":
    main(sys.argv[1:])
