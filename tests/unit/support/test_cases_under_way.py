"""Open cases are deleted when a test of faults fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.driver import Driver
from tests.faults.run import running_cases

STATE = {"engine": "http://127.0.0.1:1", "accounts": {"admin": {"username": "admin", "password": ""}}}


@pytest.fixture
def deleted(monkeypatch: pytest.MonkeyPatch) -> list[Driver]:
    """The drivers whose open cases were deleted; each driver fails with an error."""
    deleted: list[Driver] = []

    def drive(*_: object) -> None:
        raise RuntimeError("a form can't be filled in")

    monkeypatch.setattr(Driver, "drive", drive)
    monkeypatch.setattr(Driver, "delete_open", lambda driver: deleted.append(driver))
    return deleted


def test_a_failed_test_leaves_no_case_open_and_names_the_error_of_its_driver(
    deleted: list[Driver], tmp_path: Path
) -> None:
    with pytest.raises(AssertionError) as failure, running_cases(STATE, tmp_path, cases=0) as run:
        raise AssertionError("no case has ended")
    assert deleted == [run.driver]
    assert failure.value.__notes__ == ["""the driver ended by RuntimeError("a form can't be filled in")"""]


def test_an_error_of_the_driver_fails_the_test(deleted: list[Driver], tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a form can't be filled in"), running_cases(STATE, tmp_path, cases=0):
        pass
    assert len(deleted) == 1
