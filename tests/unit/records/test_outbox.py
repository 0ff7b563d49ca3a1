import time
from datetime import timedelta

import pytest

from records.database import database
from records.outbox import REFUSED, SENT, Message, Outbox
from records.postponed_items import PostponedItems
from records.queue import timestamp
from records.queue_metrics import measure_queues, retry_now
from records.retries import RetrySchedule
from tests.support.clock import Clock

pytestmark = pytest.mark.usefixtures("records")


def add(outbox: Outbox, key: str) -> None:
    outbox.add(key, "email", "a@b.example", "result_there", "en")


def test_a_message_waits_until_it_is_sent() -> None:
    outbox = Outbox()
    add(outbox, "C-1/tell_result/1")
    [message] = outbox.claim("email")
    outbox.mark_sent(message)
    assert list(outbox.claim("email")) == []
    assert Message.get().state == SENT


def test_messages_with_the_same_key_are_one_message() -> None:
    outbox = Outbox()
    for _ in range(3):
        add(outbox, "C-1/tell_result/1")
    assert len(list(outbox.claim("email"))) == 1


def test_a_refused_message_blocks_no_other() -> None:
    outbox = Outbox()
    add(outbox, "1")
    add(outbox, "2")
    outbox.mark_undelivered(next(outbox.claim("email")), REFUSED, by_telephone=False)
    assert [message.key for message in outbox.claim("email")] == ["2"]
    assert Message.get(Message.key == "1").state == REFUSED


def test_two_senders_never_claim_the_same_message() -> None:
    for number in range(5):
        add(Outbox(), str(number))
    first, second = Outbox().claim("email"), Outbox().claim("email")
    assert [next(each).key for each in (first, second, second, first)] == ["0", "1", "2", "3"]
    assert [message.key for message in second] == ["4"]
    assert list(first) == []


def test_the_lease_of_a_message_starts_when_it_is_reached() -> None:
    outbox = Outbox(lease=timedelta(seconds=0.2))
    add(outbox, "1")
    add(outbox, "2")
    claimed = outbox.claim("email")
    outbox.mark_sent(next(claimed))
    time.sleep(0.3)
    assert next(claimed).key == "2"
    assert list(outbox.claim("email")) == []


def test_a_deferred_message_comes_after_the_others_and_is_due_later(monkeypatch: pytest.MonkeyPatch) -> None:
    outbox, clock = Outbox(), Clock(monkeypatch)
    add(outbox, "1")
    add(outbox, "2")
    outbox.retry(next(outbox.claim("email")), RetrySchedule(timedelta(minutes=5), timedelta(hours=1)))
    [other] = outbox.claim("email")
    outbox.mark_sent(other)
    assert other.key == "2"
    clock.advance(timedelta(minutes=4, seconds=59))
    assert list(outbox.claim("email")) == []
    clock.advance(timedelta(minutes=2))
    [retried] = outbox.claim("email")
    assert (retried.key, retried.attempts) == ("1", 2)


def test_an_operator_can_make_all_waiting_rows_due_now() -> None:
    outbox = Outbox()
    add(outbox, "1")
    outbox.retry(next(outbox.claim("email")), RetrySchedule(timedelta(hours=1), timedelta(hours=1)))
    PostponedItems().postpone("7", RetrySchedule(timedelta(hours=1), timedelta(hours=1)))
    assert retry_now() == 2
    assert [message.key for message in outbox.claim("email")] == ["1"]
    assert PostponedItems().due_times()["7"] <= timestamp()


def test_a_released_message_keeps_its_place_and_uses_up_no_attempt() -> None:
    outbox = Outbox()
    add(outbox, "1")
    add(outbox, "2")
    outbox.release(next(outbox.claim("email")))
    assert [(message.key, message.attempts) for message in outbox.claim("email")] == [("1", 1), ("2", 1)]


def test_the_claim_of_a_sender_that_died_expires() -> None:
    add(Outbox(), "1")
    assert len(list(Outbox().claim("email"))) == 1
    assert list(Outbox().claim("email")) == []
    [retried] = Outbox(lease=timedelta()).claim("email")
    assert retried.attempts == 2


def test_a_row_inserted_by_an_older_version_is_due_and_has_an_age(monkeypatch: pytest.MonkeyPatch) -> None:
    """During an update, the INSERT of an older version names none of the new columns."""
    names = ("key", "state", "changed_at", "channel", "recipient", "template", "language")
    values = ("C-1/old", "waiting", timestamp(-timedelta(hours=1)), "email", "a@b.example", "result_there", "en")
    insert = f"INSERT INTO message ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"
    database.execute_sql(insert, values)
    [message] = Outbox().claim("email")
    assert (message.key, message.attempts) == ("C-1/old", 1)
    assert 3600 <= measure_queues()["outbox"].oldest_s < 3660


def test_only_one_of_two_senders_claims_a_message() -> None:
    add(Outbox(), "C-1/tell_result/1")
    one, other = Message.get(), Message.get()
    assert [one._claim(), other._claim()] == [True, False]
