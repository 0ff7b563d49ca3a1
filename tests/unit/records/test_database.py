"""Opening a database: what is missing is made."""

from datetime import UTC, datetime
from pathlib import Path

from records import database
from records.figures import kpis
from records.invented import weeks_kept
from records.kpis import CaseRow, KpiRows, closed


def test_a_database_of_an_older_version_gets_the_columns_that_it_lacks_and_loses_those_of_old(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/older.db"
    database.open(url)
    with database.database.connection_context():
        KpiRows().record("C-1", outcome="care_completed", result="positive")
        for column in ("came_as_contact", "contacts_notified"):
            database.database.execute_sql(f"ALTER TABLE case_row DROP COLUMN {column}")
        database.database.execute_sql("DROP INDEX case_row_sample_taken_at")
        database.database.execute_sql("ALTER TABLE case_row DROP COLUMN sample_taken_at")
        database.database.execute_sql("ALTER TABLE case_row ADD COLUMN of_old INTEGER NOT NULL DEFAULT 0")
    for _ in range(2):
        database.database.close()
        database.open(url)
    with database.database.connection_context():
        assert "of_old" not in {column.name for column in database.database.get_columns("case_row")}
        KpiRows().record("C-1", contacts_notified=2, sample_taken_at=datetime(2020, 3, 20, tzinfo=UTC))
        row = CaseRow.get()
        assert (row.result, row.contacts_notified, row.came_as_contact) == ("positive", 2, None)
        assert "case_row_sample_taken_at" in {index.name for index in database.database.get_indexes("case_row")}
    database.database.close()


def test_cases_of_a_version_without_invented_ones_are_not_invented(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/older.db"
    database.open(url)
    with database.database.connection_context():
        KpiRows().record("C-1", outcome="care_completed")
        database.database.execute_sql("ALTER TABLE case_row DROP COLUMN invented")
        database.database.execute_sql("DROP TABLE invented_tally")
    database.database.close()
    database.open(url)
    with database.database.connection_context():
        assert (kpis()[0].value, len(closed(None, None, None, None, 9)), weeks_kept()) == (1, 1, 0)
    database.database.close()
