"""Messages leave by real servers: each once, none lost while one is away, one refused holds up no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from records.access import Access
from records.outbox import REFUSED, SENT, WAITING, Message, Outbox
from records.seal import Seal
from services.sms.app import create_app
from tests.support.databases import open_service
from tests.support.ports import free_port
from tests.support.sms import texts_to
from tests.support.smtp import Inbox, smtp_server
from workers.carriers import Mail, NotNow, Pages, Sms
from workers.messages import TEXTS, text_of
from workers.outside import Service
from workers.sender import Sender

pytestmark = pytest.mark.usefixtures("records")
PAGE, TASKLIST = "http://pages.example", "http://tasklist.example"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A real SMS gateway: where it is."""
    import threading

    server = make_server("127.0.0.1", 0, create_app(open_service(f"sqlite:///{tmp_path}/sms.db", "sms"), "key"))
    threading.Thread(target=server.serve_forever).start()
    yield {"sms": f"http://127.0.0.1:{server.port}", "sms_api_key": "key"}
    server.shutdown()


def sender(mail_port: int, sms_url: str = "http://127.0.0.1:1") -> Sender:
    pages = Pages(PAGE, TASKLIST, Access(Seal("a secret of the tests")))
    mail = Mail("127.0.0.1", mail_port, "CoronaCare <no-reply@coronacare.example>", pages)
    return Sender(Outbox(), {"email": mail, "sms": Sms(Service("sms", sms_url, "key"), pages)})


def add(key: str, recipient: str = "a@b.example", channel: str = "email", language: str = "en") -> None:
    Outbox().add(key, channel, recipient, "result_there", language)


def states() -> dict[str, str]:
    return {message.key: message.state for message in Message.select()}


def test_a_message_is_sent_once_and_says_only_where_to_look(inbox: tuple[Inbox, int]) -> None:
    add("C-1/tell_result/1")
    assert [sender(inbox[1]).send_waiting() for _ in range(2)] == [1, 0]
    [message] = inbox[0].got
    assert (message["To"], message["Subject"]) == ("a@b.example", TEXTS["result_there"]["en"][0])
    assert f"{PAGE}/link/" in message.get_payload()
    assert "C-1" not in message.as_string()


def test_a_message_to_a_doctor_leads_to_tasklist(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("C-1/alert/1", "email", "doctor@b.example", "report_overdue", "en")
    sender(inbox[1]).send_waiting()
    [message] = inbox[0].got
    assert TASKLIST in message.get_payload()
    assert PAGE not in message.get_payload()


def test_a_message_to_a_manager_leads_to_the_page_of_what_waits(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("C-1/call/1", "email", "manager@b.example", "patient_call_escalated", "en")
    sender(inbox[1]).send_waiting()
    [message] = inbox[0].got
    assert f"{PAGE}/staff/now" in message.get_payload()


def test_the_same_message_has_the_same_id_whoever_sends_it(inbox: tuple[Inbox, int]) -> None:
    """SMTP can't be exactly once; a second delivery is known by its Message-ID."""
    add("C-1/tell_result/1")
    sender(inbox[1]).send_waiting()
    Message.update(state=WAITING).execute()
    sender(inbox[1]).send_waiting()
    assert len({message["Message-ID"] for message in inbox[0].got}) == 1


def test_an_sms_is_sent_once_though_it_is_tried_twice(inbox: tuple[Inbox, int], gateway: dict[str, str]) -> None:
    add("C-1/tell_result/1", "+44 20 7946 0958", "sms", "fr")
    both = sender(inbox[1], gateway["sms"])
    both.send_waiting()
    Message.update(state=WAITING).execute()
    both.send_waiting()
    [text] = texts_to(gateway, "+442079460958")
    assert text.startswith(f"{TEXTS['result_there']['fr'][1]} {PAGE}/link/")


def test_messages_wait_while_a_server_is_away_and_hold_up_no_other_channel(
    inbox: tuple[Inbox, int], gateway: dict[str, str]
) -> None:
    add("1")
    add("2", "+44 20 7946 0958", "sms")
    assert sender(free_port(), gateway["sms"]).send_waiting() == 1
    assert states() == {"1": WAITING, "2": SENT}
    assert sender(inbox[1]).send_waiting() == 1


@pytest.mark.parametrize("later", ["greylisted@b.example", "full@b.example"])
def test_a_mail_that_the_server_wants_later_is_kept_and_holds_up_no_other(inbox: tuple[Inbox, int], later: str) -> None:
    add("1", later)
    add("2")
    assert sender(inbox[1]).send_waiting() == 1
    assert states() == {"1": WAITING, "2": SENT}


def test_a_server_that_goes_down_gets_no_more(inbox: tuple[Inbox, int]) -> None:
    add("1", "goes-down@b.example")
    add("2")
    assert sender(inbox[1]).send_waiting() == 0
    assert set(states().values()) == {WAITING}


def test_what_the_server_has_is_not_sent_again_whatever_it_says_to_the_farewell(inbox: tuple[Inbox, int]) -> None:
    inbox[0].farewell = "421 we close"
    add("1")
    assert sender(inbox[1]).send_waiting() == 1
    assert (len(inbox[0].got), states()) == (1, {"1": SENT})


def test_an_address_that_the_server_can_not_write_holds_up_no_other() -> None:
    add("1", "josé@b.example")
    add("2")
    with smtp_server(enable_SMTPUTF8=False) as (_, port):
        assert sender(port).send_waiting() == 1
    assert states() == {"1": REFUSED, "2": SENT}


def test_a_channel_that_is_away_is_tried_once_and_not_for_each_message() -> None:
    tried: list[str] = []

    class Away:
        def carry(self, message: Message) -> None:
            tried.append(message.key)
            raise NotNow("away")

    for key in ("1", "2", "3"):
        add(key)
    Sender(Outbox(), {"email": Away()}).send_waiting()
    assert tried == ["1"]
    assert set(states().values()) == {WAITING}


def test_a_refused_address_holds_up_no_other(inbox: tuple[Inbox, int], gateway: dict[str, str]) -> None:
    add("1", "unknown@b.example")
    add("2", "000 111", "sms")
    add("3")
    sender(inbox[1], gateway["sms"]).send_waiting()
    assert states() == {"1": REFUSED, "2": REFUSED, "3": SENT}


def test_every_text_to_patients_is_there_in_every_language() -> None:
    to_staff = {
        "visit_emergency",
        "report_overdue",
        "patient_call",
        "patient_call_unclaimed",
        "patient_call_escalated",
    }
    missing = {name for name, texts in TEXTS.items() if set(texts) != {"en", "fr", "ar"}}
    assert missing == to_staff


def test_an_unknown_language_is_told_in_english() -> None:
    assert text_of("result_there", "xx") == TEXTS["result_there"]["en"]
