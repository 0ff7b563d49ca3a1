"""The duty roster, which is filled by whichever process begins first."""

import threading

import pytest

from records import database
from records.roster import Duty, Roster


@pytest.fixture
def records(records_url: str):
    database.open(records_url)
    yield
    database.database.close()


class WhileAnotherWrites(dict):
    """Doctors, and another process that writes as they are about to be put on duty."""

    def items(self):
        self.other = threading.Thread(target=self._write)
        self.other.start()
        self.other.join(0.3)
        return super().items()

    def _write(self) -> None:
        with database.database.connection_context():
            Duty.insert(doctor="another").execute()


def test_it_is_filled_once(records: None) -> None:
    Roster().fill_if_empty({"b": None, "a": "a@hospital.test"})
    Roster().fill_if_empty({"c": None})
    assert Roster().doctors_on_duty() == ["a", "b"]
    assert Roster().addresses_on_duty() == ["a@hospital.test"]


def test_another_who_writes_meanwhile_waits(records: None) -> None:
    doctors = WhileAnotherWrites({"a": None})
    Roster().fill_if_empty(doctors)
    doctors.other.join()
    assert Roster().doctors_on_duty() == ["a", "another"]
