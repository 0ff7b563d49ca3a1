import time
from datetime import timedelta

import pytest

from records.outbox import REFUSED, SENT, Message, Outbox

pytestmark = pytest.mark.usefixtures("records")


def add(outbox: Outbox, key: str) -> None:
    outbox.add(key, "email", "a@b.example", "result_there", "en")


def test_a_message_waits_until_it_is_sent() -> None:
    outbox = Outbox()
    add(outbox, "C-1/tell_result/1")
    [message] = outbox.claim()
    outbox.sent(message)
    assert list(outbox.claim()) == []
    assert Message.get().state == SENT


def test_the_same_key_is_one_message() -> None:
    outbox = Outbox()
    for _ in range(3):
        add(outbox, "C-1/tell_result/1")
    assert len(list(outbox.claim())) == 1


def test_a_refused_message_holds_up_no_other() -> None:
    outbox = Outbox()
    add(outbox, "1")
    add(outbox, "2")
    outbox.refused(next(outbox.claim()))
    assert [message.key for message in outbox.claim()] == ["2"]
    assert Message.get(Message.key == "1").state == REFUSED


def test_two_senders_never_get_the_same_message() -> None:
    for number in range(5):
        add(Outbox(), str(number))
    first, second = Outbox().claim(), Outbox().claim()
    assert [next(each).key for each in (first, second, second, first)] == ["0", "1", "2", "3"]
    assert [message.key for message in second] == ["4"]
    assert list(first) == []


def test_what_waits_behind_slow_ones_is_claimed_when_its_turn_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    add(Outbox(), "1")
    add(Outbox(), "2")
    monkeypatch.setattr(Message, "claim_lasts", timedelta(seconds=0.2))
    claimed = Outbox().claim()
    Outbox().sent(next(claimed))
    time.sleep(0.3)
    assert next(claimed).key == "2"
    assert list(Outbox().claim()) == []


def test_what_could_not_be_sent_is_given_back() -> None:
    outbox = Outbox()
    add(outbox, "1")
    add(outbox, "2")
    outbox.give_back(next(outbox.claim()))
    # behind those that wait already
    assert [message.key for message in outbox.claim()] == ["2", "1"]


def test_the_claim_of_a_sender_that_died_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox()
    add(outbox, "1")
    assert len(list(outbox.claim())) == 1
    assert list(outbox.claim()) == []
    monkeypatch.setattr(Message, "claim_lasts", timedelta())
    assert len(list(outbox.claim())) == 1


def test_of_two_senders_that_see_a_message_one_gets_it() -> None:
    add(Outbox(), "C-1/tell_result/1")
    one, other = Message.get(), Message.get()
    assert [one._claimed(), other._claimed()] == [True, False]
