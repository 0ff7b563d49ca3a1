"""Health check of the records' database, and descriptions of its errors for operators."""

from __future__ import annotations

from hosting.databases import DATABASE_ERRORS, is_authentication_error
from records.database import database


def check() -> None:
    """Run a query; raises one of DATABASE_ERRORS if the database doesn't answer."""
    with database.connection_context():
        database.execute_sql("SELECT 1")


def describe(error: BaseException) -> str:
    """Describe a database error without values of rows; returns an empty text for other errors."""
    if not isinstance(error, DATABASE_ERRORS):
        return ""
    if is_authentication_error(error):
        return "the database of records.database_url refuses the user or password"
    return f"the database of records.database_url can't be reached or written ({type(error).__name__})"
