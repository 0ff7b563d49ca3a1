"""`python -m kpi figures` prints the KPIs over all closed cases, as JSON.

`python -m kpi rebuild` recomputes the KPI sums from the recorded cases, while the platform runs.

`python -m kpi invent WEEKS` replaces the invented cases of a demo by new ones of WEEKS weeks; 0 deletes them.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from config import settings as config
from hosting.databases import DATABASE_ERRORS
from hosting.schema import SchemaMismatch
from kpi.indicators import compute_kpis
from kpi.rows import CaseRow, rebuild
from kpi.synthetic import invent
from records import database
from records.health import describe

# number of rows between two lines of progress
PROGRESS_EVERY = 10_000


def main(arguments: list[str]) -> None:
    match arguments:
        case ["figures"]:
            below = _open().webapp.suppress_below
            print(json.dumps({figure.key: figure.to_json() for figure in compute_kpis(below=below)}))
        case ["rebuild"]:
            were_right = rebuild(_zone(_open()), _show_progress)
            print(
                "the sums of the KPIs were right"
                if were_right
                else "the sums of the KPIs were wrong, and are corrected"
            )
        case ["invent", weeks] if weeks.isdecimal():
            zone = _zone(_open())
            print(f"{invent(int(weeks), datetime.now(zone).date(), zone)} invented cases")
        case _:
            sys.exit(__doc__)


def _show_progress(rows: Iterable[CaseRow], count: int) -> Iterator[CaseRow]:
    """Yield the rows and show the progress: as a bar, or as lines if the output isn't a terminal."""
    columns = (TextColumn("computing the KPIs"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns) as progress:
        bar = progress.add_task("", total=count)
        for done, row in enumerate(rows, 1):
            yield row
            if done % PROGRESS_EVERY == 0 or done == count:
                progress.update(bar, completed=done)
                if not progress.console.is_terminal:
                    print(f"{done} of {count} cases", flush=True)


def _zone(settings: config.Settings) -> ZoneInfo:
    return ZoneInfo(settings.webapp.time_zone)


def _open() -> config.Settings:
    try:
        settings = config.load()
        database.open(settings.records.database_url)
        return settings
    except (config.SettingsError, SchemaMismatch) as error:
        sys.exit(str(error))
    except DATABASE_ERRORS as error:
        sys.exit(describe(error))


if __name__ == "__main__":
    main(sys.argv[1:])
