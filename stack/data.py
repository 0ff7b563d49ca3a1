"""The folder of the embedded databases, and what is beside it."""

from __future__ import annotations

import os
from pathlib import Path

from config.settings import environment_name
from stack.supervisor import PartFailed

# end the path in URLs of SQLite and H2, and can't be escaped
NOT_IN_URLS = "#?;"


def erased_cases_of(data: Path) -> Path:
    """Return the list of cases that were erased from the databases in this folder."""
    return data.parent / "erased" / f"{data.name}.txt"


def set_data_folder(data: Path) -> None:
    """Set the URLs of embedded databases and the list of erased cases, unless the environment sets them.

    Raises:
        PartFailed: the folder's path can't be part of a database URL.
    """
    if set(NOT_IN_URLS) & set(str(data)):
        raise PartFailed(
            f"{data}: databases can't be in a folder whose path has one of {' '.join(NOT_IN_URLS)}: "
            f"set another folder: {environment_name('folder')}=FOLDER"
        )
    data.mkdir(parents=True, exist_ok=True)
    defaults = {
        ("engine", "database_url"): f"jdbc:h2:file:{data}/engine;WRITE_DELAY=0;COMPRESS=TRUE;DB_CLOSE_ON_EXIT=FALSE",
        ("records", "database_url"): f"sqlite:///{data}/records.db",
        ("lab", "database_url"): f"sqlite:///{data}/lab.db",
        ("government", "database_url"): f"sqlite:///{data}/government.db",
        ("sms", "database_url"): f"sqlite:///{data}/sms.db",
        ("backup", "erased_cases"): str(erased_cases_of(data)),
    }
    for path, url in defaults.items():
        os.environ.setdefault(environment_name(*path), url)
