"""Messages leave by a real SMTP server: each once, none lost while it is away, one refused holds up no other."""

from __future__ import annotations

import pytest

from records.outbox import REFUSED, SENT, WAITING, Message, Outbox
from tests.support.ports import free_port
from tests.support.smtp import Inbox
from workers.mailer import TEXTS, Mailer

pytestmark = pytest.mark.usefixtures("records")
PAGE = "http://pages.example/sign-in"


def mailer(port: int) -> Mailer:
    return Mailer(Outbox(), "127.0.0.1", port, "CoronaCare <no-reply@coronacare.example>", PAGE, 0.1)


def test_a_message_is_sent_once_and_says_only_where_to_look(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("C-1/tell_result/1", "a@b.example", "result_there")
    assert [mailer(inbox[1]).send_waiting() for _ in range(2)] == [1, 0]
    [message] = inbox[0].got
    assert (message["To"], message["Subject"]) == ("a@b.example", TEXTS["result_there"][0])
    assert PAGE in message.get_payload()
    assert "C-1" not in message.as_string()


def test_the_same_message_has_the_same_id_whoever_sends_it(inbox: tuple[Inbox, int]) -> None:
    """SMTP can't be exactly once; a second delivery is known by its Message-ID."""
    Outbox().add("C-1/tell_result/1", "a@b.example", "result_there")
    mailer(inbox[1]).send_waiting()
    Message.update(state=WAITING).execute()
    mailer(inbox[1]).send_waiting()
    assert len({message["Message-ID"] for message in inbox[0].got}) == 1


def test_messages_wait_while_the_server_is_away(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("1", "a@b.example", "result_there")
    with pytest.raises(OSError, match="refused"):
        mailer(free_port()).send_waiting()
    assert mailer(inbox[1]).send_waiting() == 1


def test_a_refused_address_holds_up_no_other(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("1", "unknown@b.example", "result_there")
    Outbox().add("2", "a@b.example", "report_there")
    mailer(inbox[1]).send_waiting()
    assert {message.key: message.state for message in Message.select()} == {"1": REFUSED, "2": SENT}
