"""The duty roster, which the first process to start fills."""

import threading

import pytest

from records import database
from records.roster import Duty, Roster


@pytest.fixture
def records(records_url: str):
    database.open(records_url)
    yield
    database.database.close()


class DoctorsWithConcurrentInsert(dict):
    """Doctors whose iteration starts a thread that inserts another doctor."""

    def items(self):
        self.other = threading.Thread(target=self._write)
        self.other.start()
        self.other.join(0.3)
        return super().items()

    def _write(self) -> None:
        with database.database.connection_context():
            Duty.insert(doctor="another").execute()


def test_the_roster_is_filled_once(records: None) -> None:
    Roster().fill_if_empty({"b": None, "a": "a@hospital.test"})
    Roster().fill_if_empty({"c": None})
    assert Roster().doctors_on_duty() == ["a", "b"]
    assert Roster().addresses_on_duty() == ["a@hospital.test"]


def test_a_concurrent_insert_waits_for_the_transaction_that_fills_the_roster(records: None) -> None:
    doctors = DoctorsWithConcurrentInsert({"a": None})
    Roster().fill_if_empty(doctors)
    doctors.other.join()
    assert Roster().doctors_on_duty() == ["a", "another"]
