"""All tables of the records' database, to compare them with the migrations (docs/how-to/change-a-table.md)."""

from __future__ import annotations

import importlib
import pkgutil

import kpi
import papers
import records
from records.database import Table
from records.queue import Queued


def _import_modules() -> None:
    for package in (kpi, papers, records):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def _subclasses(table: type[Table]) -> set[type[Table]]:
    return {each for child in table.__subclasses__() for each in (child, *_subclasses(child))}


_import_modules()
MODELS = sorted(_subclasses(Table) - {Queued}, key=lambda table: table.__name__)
