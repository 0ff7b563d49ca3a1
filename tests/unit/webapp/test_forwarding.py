"""Each submission reaches the engine once, whatever the engine answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from camunda7.engine import EngineRefused, EngineUnavailable
from records.cipher import Cipher
from records.queue import WAITING
from records.submissions import FORWARDED, VOID, Submission, Submissions
from tests.support.clock import simulate_hour
from webapp.commands import CompleteTask, CorrelateMessage
from webapp.forwarding import RETRIES, Forwarder, SubmissionsPending

pytestmark = pytest.mark.usefixtures("records")
CIPHER = Cipher("a secret of the tests")


class Engine:
    """An engine whose answers the test sets, and which records the effects."""

    def __init__(self) -> None:
        self.effects: list[str] = []
        self.open_tasks = {"T-1", "T-2"}
        self.answers: list[Exception | None] = []
        self.keys: set[str] = set()

    def _answer(self, effect: Callable[[], None], is_reply_lost: bool = False) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or is_reply_lost:
            effect()
        if answer is not None:
            raise answer

    def submit(self, task_id: str, values: dict[str, Any]) -> None:
        if task_id not in self.open_tasks:
            raise EngineRefused("POST submit-form", 500, "NullValueException")
        self._answer(lambda: (self.effects.append(task_id), self.open_tasks.discard(task_id)))

    def has_task(self, task_id: str) -> bool:
        return task_id in self.open_tasks

    def correlate(self, message: str, business_key: str, values: dict[str, Any], key: str) -> None:
        def process_message() -> None:
            if key not in self.keys:
                self.effects.append(message)
            self.keys.add(key)

        # the engine processes the message although its reply is lost
        self._answer(process_message, is_reply_lost=True)


@pytest.fixture
def engine() -> Engine:
    return Engine()


def send(key: str, kind: str = CompleteTask.kind, **more: Any) -> None:
    content = {"kind": kind, "case": "C-1", "key": key, "values": {}, **more}
    Submissions(CIPHER).add(key, "C-1", "review", content, "C-1/review")


def forwarder(engine: Engine) -> Forwarder:
    return Forwarder(engine, Submissions(CIPHER), {}, RETRIES)


def states() -> list[str]:
    return [row.state for row in Submission.select().order_by(Submission.key)]


def test_a_submission_is_forwarded_at_once(engine: Engine) -> None:
    send("C-1/T-1", task="T-1")
    assert forwarder(engine).forward("C-1/T-1")
    assert (engine.effects, states()) == (["T-1"], [FORWARDED])
    assert not forwarder(engine).forward("C-1/T-1")


def test_a_submission_is_forwarded_after_an_outage_of_the_engine(engine: Engine) -> None:
    send("C-1/T-1", task="T-1")
    engine.answers = [EngineUnavailable("unavailable"), EngineUnavailable("unavailable")]
    assert [forwarder(engine).forward("C-1/T-1"), forwarder(engine).forward_due()] == [False, False]
    assert states() == [WAITING]
    assert forwarder(engine).forward_due()
    assert (engine.effects, states()) == (["T-1"], [FORWARDED])


def test_during_an_outage_the_other_submissions_are_not_tried(engine: Engine) -> None:
    for number in (1, 2):
        send(f"C-1/T-{number}", task=f"T-{number}")
    engine.answers = [EngineUnavailable("unavailable")]
    assert not forwarder(engine).forward_due()
    assert (engine.effects, states(), engine.answers) == ([], [WAITING, WAITING], [])


def test_a_submission_to_a_completed_task_is_void(engine: Engine) -> None:
    send("C-1/T-9", task="T-9")
    assert forwarder(engine).forward("C-1/T-9")
    assert states() == [VOID]


def test_a_refused_submission_waits_and_blocks_no_other(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    send("C-1/T-1", task="T-1", values={"given_name": "Ada"})
    send("C-1/T-2", task="T-2")
    engine.answers = [EngineRefused("POST submit-form", 500, "ScriptException")]
    assert not forwarder(engine).forward_due()
    assert (engine.effects, states()) == (["T-2"], [WAITING, FORWARDED])
    assert "C-1/T-1 can't be forwarded" in caplog.text
    assert "Ada" not in caplog.text


def test_a_run_with_waiting_submissions_fails(engine: Engine) -> None:
    send("C-1/T-1", task="T-1")
    engine.answers = [EngineUnavailable("unavailable")]
    with pytest.raises(SubmissionsPending):
        forwarder(engine).run()
    forwarder(engine).run()
    assert states() == [FORWARDED]


def test_an_unexpected_error_of_a_submission_blocks_no_other_and_logs_no_patient_data(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        send(f"C-1/T-{number}", task=f"T-{number}")
    engine.answers = [KeyError("Ada")]
    assert not forwarder(engine).forward_due()
    assert (engine.effects, states()) == (["T-2"], [WAITING, FORWARDED])
    assert "C-1/T-1 can't be forwarded: KeyError; attempts: 1" in caplog.text
    assert "Ada" not in caplog.text


def test_a_refused_submission_is_retried_with_growing_pauses(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    send("C-1/T-1", task="T-1")
    running, attempts = forwarder(engine), []

    def fail(task: str, values: Any) -> None:
        attempts.append(task)
        raise EngineRefused("POST submit-form", 500, "ScriptException")

    monkeypatch.setattr(engine, "submit", fail)
    simulate_hour(running.forward_due, monkeypatch)
    # pauses of 10 s, doubled up to an hour; pauses of 1 s would make 3,600 attempts
    assert 8 <= len(attempts) <= 10
    assert states() == [WAITING]


def test_a_message_whose_reply_was_lost_is_correlated_once(engine: Engine) -> None:
    send("C-1/worse/1", CorrelateMessage.kind, message="symptoms_worsened")
    engine.answers = [EngineUnavailable("the reply was lost")]
    assert not forwarder(engine).forward("C-1/worse/1")
    assert forwarder(engine).forward_due()
    assert (engine.effects, states()) == (["symptoms_worsened"], [FORWARDED])
    assert engine.keys == {"C-1/worse/1"}


def test_messages_with_different_keys_are_all_correlated(engine: Engine) -> None:
    for number in (1, 2):
        send(f"C-1/worse/{number}", CorrelateMessage.kind, message="symptoms_worsened")
        assert forwarder(engine).forward_due()
    assert engine.effects == ["symptoms_worsened"] * 2


def test_a_submission_encrypted_with_another_secret_is_void(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    send("C-1/T-1", task="T-1")
    other = Submissions(Cipher("another secret of the tests"))
    assert Forwarder(engine, other, {}, RETRIES).forward_due()
    assert states() == [VOID]
    assert "encrypted with another secret" in caplog.text
