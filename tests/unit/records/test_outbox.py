from datetime import timedelta

import pytest

from records.outbox import REFUSED, SENT, Message, Outbox

pytestmark = pytest.mark.usefixtures("records")


def test_a_message_waits_until_it_is_sent() -> None:
    outbox = Outbox()
    outbox.add("C-1/tell_result/1", "a@b.example", "result_there")
    [message] = outbox.claim()
    outbox.sent(message)
    assert outbox.claim() == []
    assert Message.get().state == SENT


def test_the_same_key_is_one_message() -> None:
    outbox = Outbox()
    for _ in range(3):
        outbox.add("C-1/tell_result/1", "a@b.example", "result_there")
    assert len(outbox.claim()) == 1


def test_a_refused_message_holds_up_no_other() -> None:
    outbox = Outbox()
    outbox.add("1", "nobody", "result_there")
    outbox.add("2", "a@b.example", "result_there")
    outbox.refused(outbox.claim(most=1)[0])
    assert [message.key for message in outbox.claim()] == ["2"]
    assert Message.get(Message.key == "1").state == REFUSED


def test_two_senders_never_get_the_same_message() -> None:
    for number in range(5):
        Outbox().add(str(number), "a@b.example", "result_there")
    first, second = Outbox().claim(most=3), Outbox().claim()
    assert [message.key for message in first] == ["0", "1", "2"]
    assert [message.key for message in second] == ["3", "4"]


def test_what_could_not_be_sent_is_given_back() -> None:
    outbox = Outbox()
    outbox.add("1", "a@b.example", "result_there")
    outbox.give_back(outbox.claim()[0])
    assert len(outbox.claim()) == 1


def test_the_claim_of_a_sender_that_died_runs_out(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox = Outbox()
    outbox.add("1", "a@b.example", "result_there")
    assert len(outbox.claim()) == 1
    assert outbox.claim() == []
    monkeypatch.setattr("records.outbox.CLAIM", timedelta(seconds=-1))
    assert len(outbox.claim()) == 1
