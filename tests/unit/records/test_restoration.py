"""A restored database: what was erased later is erased again, and what was probably sent later is held."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from config.settings import ROOT, environment_name
from hosting.erased_cases import ErasedCases
from records.access import Access
from records.cipher import Cipher
from records.erasures import PATIENT, RESTORE, Erasure, Erasures
from records.outbox import HELD, SENT, WAITING, Message, Outbox
from records.restoration import (
    discard_held_messages,
    end_sessions,
    hold_messages,
    list_held_messages,
    release_held_messages,
    repeat_erasures,
)
from records.sessions import Session, Sessions
from records.submissions import Submissions

pytestmark = pytest.mark.usefixtures("records")
CIPHER = Cipher("a secret of the tests")


def add_case(reference: str) -> str:
    """Add a case with a sent and an unsent message; returns its access code."""
    Submissions(CIPHER).add(f"{reference}/task", reference, "review", {}, "")
    for step in ("tell_result/1", "tell_report/1"):
        Outbox().add(f"{reference}/{step}", "sms", "+4420", "result_there", "en")
    Message.update(state=SENT).where(Message.key == f"{reference}/tell_result/1").execute()
    return Access(CIPHER).create_code(reference, "1990-05-10", "a@b.example")


def states() -> dict[str, str]:
    return {message.key: message.state for message in Message.select()}


def test_a_case_that_was_erased_after_the_backup_is_closed_at_once_and_erased_again() -> None:
    codes = [add_case(reference) for reference in ("C-1", "C-11")]
    assert repeat_erasures(["C-1"]) == ["C-1"]
    assert [Access(CIPHER).find_case_by_code(code, "1990-05-10") for code in codes] == [None, "C-11"]
    assert Submissions(CIPHER).list_pending_forms("C-1") == []
    # the worker needs the keys of sent messages for the gateway
    assert set(states()) == {"C-1/tell_result/1", "C-11/tell_result/1", "C-11/tell_report/1"}
    assert [(erasure.key, erasure.asked_by) for erasure in Erasures().claim()] == [("C-1", RESTORE)]


def test_a_case_that_is_erased_already_is_left_alone() -> None:
    Erasures().request("C-1", PATIENT)
    [erasure] = Erasures().claim()
    Erasures().complete(erasure, kept=False)
    assert repeat_erasures(["C-1"]) == []
    assert list(Erasures().claim()) == []


def test_a_completed_erasure_is_added_to_the_list(tmp_path: Path) -> None:
    cases = ErasedCases(tmp_path / "erased.txt")
    erasures = Erasures(erased_cases=cases)
    erasures.request("C-1", PATIENT)
    assert cases.references() == []
    [erasure] = erasures.claim()
    erasures.complete(erasure, kept=False)
    assert cases.references() == ["C-1"]


def test_an_erasure_that_cant_be_listed_isnt_complete(tmp_path: Path) -> None:
    (tmp_path / "erased.txt").mkdir()
    erasures = Erasures(erased_cases=ErasedCases(tmp_path / "erased.txt"))
    erasures.request("C-1", PATIENT)
    [erasure] = erasures.claim()
    with pytest.raises(OSError, match="directory"):
        erasures.complete(erasure, kept=False)
    assert Erasure.get().state != "erased"


def test_unsent_messages_are_held_until_an_operator_decides() -> None:
    add_case("C-1")
    assert hold_messages() == 1
    assert states() == {"C-1/tell_result/1": SENT, "C-1/tell_report/1": HELD}
    assert list(Outbox().claim("sms")) == []
    assert [message.key for message in list_held_messages()] == ["C-1/tell_report/1"]
    assert release_held_messages() == 1
    assert states()["C-1/tell_report/1"] == WAITING
    hold_messages()
    assert discard_held_messages() == 1
    assert set(states()) == {"C-1/tell_result/1"}


def test_sessions_end() -> None:
    Sessions(CIPHER).save("one", {"case": "C-1"})
    end_sessions()
    assert Session.select().count() == 0


def upgrade(url: str, erased_cases: Path) -> str:
    """Run the upgrade of an installation, as it is started."""
    settings = {environment_name("records", "database_url"): url}
    settings |= {environment_name("backup", "erased_cases"): str(erased_cases), "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-m", "records", "upgrade"]
    return subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=True).stdout


def test_the_upgrade_prepares_a_restored_database_once(records_url: str, tmp_path: Path) -> None:
    add_case("C-1")
    add_case("C-2")
    cases = ErasedCases(tmp_path / "erased.txt")
    cases.mark_restored(["C-1"])
    output = upgrade(records_url, tmp_path / "erased.txt")
    assert "messages held: 1 " in output
    assert "erased again: 1 cases" in output
    release_held_messages()
    assert "held" not in upgrade(records_url, tmp_path / "erased.txt")
    assert states()["C-2/tell_report/1"] == WAITING
    assert cases.references() == ["C-1"]
