"""Why the records' database can't be used, in words for operators."""

from __future__ import annotations

from hosting.databases import AWAY, is_refused
from records.database import database


def check() -> None:
    """Find out whether the database answers; raises one of AWAY if it doesn't."""
    with database.connection_context():
        database.execute_sql("SELECT 1")


def describe(error: BaseException) -> str:
    """The reason without what was to be written; empty for an error that isn't the database's."""
    if not isinstance(error, AWAY):
        return ""
    if is_refused(error):
        return "the database of records.database_url refuses the user or password"
    return f"the database of records.database_url can't be reached or written ({type(error).__name__})"
