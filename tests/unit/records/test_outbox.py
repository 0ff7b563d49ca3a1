import pytest

from records.outbox import REFUSED, SENT, Message, Outbox

pytestmark = pytest.mark.usefixtures("records")


def test_a_message_waits_until_it_is_sent() -> None:
    outbox = Outbox()
    outbox.add("C-1/tell_result/1", "a@b.example", "result_there")
    [message] = outbox.waiting()
    outbox.sent(message)
    assert outbox.waiting() == []
    assert Message.get().state == SENT


def test_the_same_key_is_one_message() -> None:
    outbox = Outbox()
    for _ in range(3):
        outbox.add("C-1/tell_result/1", "a@b.example", "result_there")
    assert len(outbox.waiting()) == 1


def test_a_refused_message_holds_up_no_other() -> None:
    outbox = Outbox()
    outbox.add("1", "nobody", "result_there")
    outbox.add("2", "a@b.example", "result_there")
    outbox.refused(outbox.waiting()[0])
    assert [message.key for message in outbox.waiting()] == ["2"]
    assert Message.get(Message.key == "1").state == REFUSED
