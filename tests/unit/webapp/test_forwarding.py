"""What patients sent reaches the engine once, whatever it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from camunda7.engine import EngineRefused, EngineUnavailable
from records.cipher import Cipher
from records.queue import WAITING
from records.submissions import FORWARDED, VOID, Submission, Submissions
from tests.support.clock import passes_hour
from webapp.commands import CompleteTask, CorrelateMessage
from webapp.forwarding import RETRIES, Forwarder, SubmissionsPending

pytestmark = pytest.mark.usefixtures("records")
SEAL = Cipher("a secret of the tests")


class Engine:
    """An engine that answers as it is told, and counts."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.open_tasks = {"T-1", "T-2"}
        self.answers: list[Exception | None] = []
        self.keys: set[str] = set()

    def _answer(self, effect: Callable[[], None], lost: bool = False) -> None:
        answer = self.answers.pop(0) if self.answers else None
        if answer is None or lost:
            effect()
        if answer is not None:
            raise answer

    def submit(self, task_id: str, values: dict[str, Any]) -> None:
        if task_id not in self.open_tasks:
            raise EngineRefused("POST submit-form", 500, "NullValueException")
        self._answer(lambda: (self.done.append(task_id), self.open_tasks.discard(task_id)))

    def has_task(self, task_id: str) -> bool:
        return task_id in self.open_tasks

    def correlate(self, message: str, business_key: str, values: dict[str, Any], key: str) -> None:
        def arrives() -> None:
            if key not in self.keys:
                self.done.append(message)
            self.keys.add(key)

        # the message arrives, only its answer may be lost
        self._answer(arrives, lost=True)


@pytest.fixture
def engine() -> Engine:
    return Engine()


def send(key: str, kind: str = CompleteTask.kind, **more: Any) -> None:
    content = {"kind": kind, "case": "C-1", "key": key, "values": {}, **more}
    Submissions(SEAL).add(key, "C-1", "review", content, "C-1/review")


def forwarder(engine: Engine) -> Forwarder:
    return Forwarder(engine, Submissions(SEAL), {}, RETRIES)


def states() -> list[str]:
    return [row.state for row in Submission.select().order_by(Submission.key)]


def test_at_once_while_the_engine_is_there(engine: Engine) -> None:
    send("C-1/T-1", task="T-1")
    assert forwarder(engine).forward("C-1/T-1")
    assert (engine.done, states()) == (["T-1"], [FORWARDED])
    assert not forwarder(engine).forward("C-1/T-1")


def test_later_when_it_is_back(engine: Engine) -> None:
    send("C-1/T-1", task="T-1")
    engine.answers = [EngineUnavailable("away"), EngineUnavailable("away")]
    assert [forwarder(engine).forward("C-1/T-1"), forwarder(engine).forward_due()] == [False, False]
    assert states() == [WAITING]
    assert forwarder(engine).forward_due()
    assert (engine.done, states()) == (["T-1"], [FORWARDED])


def test_while_it_is_away_the_others_are_not_tried(engine: Engine) -> None:
    for number in (1, 2):
        send(f"C-1/T-{number}", task=f"T-{number}")
    engine.answers = [EngineUnavailable("away")]
    assert not forwarder(engine).forward_due()
    assert (engine.done, states(), engine.answers) == ([], [WAITING, WAITING], [])


def test_a_task_that_is_gone_is_not_asked_for_any_more(engine: Engine) -> None:
    send("C-1/T-9", task="T-9")
    assert forwarder(engine).forward("C-1/T-9")
    assert states() == [VOID]


def test_what_the_engine_refuses_waits_and_holds_up_nothing(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    send("C-1/T-1", task="T-1", values={"given_name": "Ada"})
    send("C-1/T-2", task="T-2")
    engine.answers = [EngineRefused("POST submit-form", 500, "ScriptException")]
    assert not forwarder(engine).forward_due()
    assert (engine.done, states()) == (["T-2"], [WAITING, FORWARDED])
    assert "C-1/T-1 can't be forwarded" in caplog.text
    assert "Ada" not in caplog.text


def test_what_waits_is_a_failed_run(engine: Engine) -> None:
    send("C-1/T-1", task="T-1")
    engine.answers = [EngineUnavailable("away")]
    with pytest.raises(SubmissionsPending):
        forwarder(engine).run()
    forwarder(engine).run()
    assert states() == [FORWARDED]


def test_any_other_error_of_one_submission_holds_up_no_other_and_shows_nothing_of_the_patient(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    for number in (1, 2):
        send(f"C-1/T-{number}", task=f"T-{number}")
    engine.answers = [KeyError("Ada")]
    assert not forwarder(engine).forward_due()
    assert (engine.done, states()) == (["T-2"], [WAITING, FORWARDED])
    assert "C-1/T-1 can't be forwarded: KeyError; attempts: 1" in caplog.text
    assert "Ada" not in caplog.text


def test_one_that_the_engine_fails_on_is_tried_ever_less_often(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    send("C-1/T-1", task="T-1")
    running, attempts = forwarder(engine), []

    def fail(task: str, values: Any) -> None:
        attempts.append(task)
        raise EngineRefused("POST submit-form", 500, "ScriptException")

    monkeypatch.setattr(engine, "submit", fail)
    passes_hour(running.forward_due, monkeypatch)
    # 10 s doubled up to an hour; a fixed second would make 3,600
    assert 8 <= len(attempts) <= 10
    assert states() == [WAITING]


def test_a_message_whose_answer_was_lost_is_not_sent_twice(engine: Engine) -> None:
    send("C-1/worse/1", CorrelateMessage.kind, message="symptoms_worsened")
    engine.answers = [EngineUnavailable("the answer was lost")]
    assert not forwarder(engine).forward("C-1/worse/1")
    assert forwarder(engine).forward_due()
    assert (engine.done, states()) == (["symptoms_worsened"], [FORWARDED])
    assert engine.keys == {"C-1/worse/1"}


def test_the_next_message_is_another_one(engine: Engine) -> None:
    for number in (1, 2):
        send(f"C-1/worse/{number}", CorrelateMessage.kind, message="symptoms_worsened")
        assert forwarder(engine).forward_due()
    assert engine.done == ["symptoms_worsened"] * 2


def test_what_was_sealed_with_another_secret_is_given_up(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    send("C-1/T-1", task="T-1")
    other = Submissions(Cipher("another secret, of somebody else"))
    assert Forwarder(engine, other, {}, RETRIES).forward_due()
    assert states() == [VOID]
    assert "encrypted with another secret" in caplog.text
