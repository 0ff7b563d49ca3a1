"""Delivery of messages by real servers: each once, none lost in an outage, a refused one blocks no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from werkzeug.serving import make_server

from config import settings as config
from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from records.access import Access
from records.cipher import Cipher
from records.outbox import GIVEN_UP, REFUSED, SENT, WAITING, Message, Outbox
from records.queue import timestamp
from records.queue_metrics import count_undelivered_messages
from records.retries import RetrySchedule
from services.sms.app import create_app
from tests.support.clock import Clock
from tests.support.databases import open_service
from tests.support.ports import free_port
from tests.support.sms import texts_to
from tests.support.smtp import REPLIES, Inbox, smtp_server
from workers.channels import Mail, MessageLinks, Sms
from workers.messages import MAIL_NOTES, TEXTS, TO_DOCTORS, TO_MANAGERS, compose_mail, compose_sms, text_of
from workers.sender import Sender

pytestmark = pytest.mark.usefixtures("records")
PAGE, TASKLIST = "http://pages.example", "http://tasklist.example"
PHONE = "+44 20 7946 0000"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[dict[str, str]]:
    """The settings of a real SMS gateway."""
    import threading

    server = make_server("127.0.0.1", 0, create_app(open_service(f"sqlite:///{tmp_path}/sms.db", "sms"), "key"))
    threading.Thread(target=server.serve_forever).start()
    yield {"sms": f"http://127.0.0.1:{server.port}", "sms_api_key": "key"}
    server.shutdown()


RETRIES = config.load().retries


def schedule(channel: str) -> RetrySchedule:
    return RetrySchedule(**getattr(RETRIES, channel).model_dump())


def sender(mail_port: int, sms_url: str = "http://127.0.0.1:1", **sign_in: Any) -> Sender:
    pages = MessageLinks(PAGE, TASKLIST, Access(Cipher("a secret of the tests")))
    mail = Mail(MailServer("127.0.0.1", mail_port, **sign_in), "CoronaCare <no-reply@coronacare.example>", pages, PHONE)
    channels = {"email": mail, "sms": Sms(SmsGateway(sms_url, "key"), pages, PHONE)}
    return Sender(Outbox(), channels, {channel: schedule(channel) for channel in channels})


def add(key: str, recipient: str = "a@b.example", channel: str = "email", language: str = "en") -> None:
    Outbox().add(key, channel, recipient, "result_there", language)


def states() -> dict[str, str]:
    return {message.key: message.state for message in Message.select()}


def test_a_message_is_sent_once_and_contains_only_a_link(inbox: tuple[Inbox, int]) -> None:
    add("C-1/tell_result/1")
    assert [sender(inbox[1]).send_waiting() for _ in range(2)] == [1, 0]
    [message] = inbox[0].received
    assert (message["To"], message["Subject"]) == ("a@b.example", TEXTS["result_there"]["en"][0])
    assert f"{PAGE}/link/" in message.get_payload()
    assert "C-1" not in message.as_string()


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_a_patient_can_check_who_sent_a_message_and_why(inbox: tuple[Inbox, int], language: str) -> None:
    Outbox().add("C-1/tell_result/1", "email", "a@b.example", "result_there", language)
    sender(inbox[1]).send_waiting()
    [message] = inbox[0].received
    text = message.get_payload(decode=True).decode().replace("\r\n", "\n")
    assert MAIL_NOTES[language].format(phone=PHONE) in text
    assert text.rstrip().endswith("CoronaCare")
    assert parsedate_to_datetime(message["Date"]) <= datetime.now(UTC)


def test_a_message_to_a_doctor_links_to_tasklist(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("C-1/alert/1", "email", "doctor@b.example", "report_overdue", "en")
    sender(inbox[1]).send_waiting()
    [message] = inbox[0].received
    assert TASKLIST in message.get_payload()
    assert PAGE not in message.get_payload()


def test_a_message_to_a_manager_links_to_the_page_of_running_cases(inbox: tuple[Inbox, int]) -> None:
    Outbox().add("C-1/call/1", "email", "manager@b.example", "patient_call_escalated", "en")
    sender(inbox[1]).send_waiting()
    [message] = inbox[0].received
    assert f"{PAGE}/staff/now" in message.get_payload()


def test_a_message_that_is_sent_again_has_the_same_message_id(inbox: tuple[Inbox, int]) -> None:
    """SMTP isn't exactly-once: a mailbox recognises a second delivery by its Message-ID."""
    add("C-1/tell_result/1")
    sender(inbox[1]).send_waiting()
    Message.update(state=WAITING, due_at="").execute()
    sender(inbox[1]).send_waiting()
    assert len({message["Message-ID"] for message in inbox[0].received}) == 1


def test_an_sms_that_is_sent_again_is_delivered_once(inbox: tuple[Inbox, int], gateway: dict[str, str]) -> None:
    add("C-1/tell_result/1", "+44 20 7946 0958", "sms", "fr")
    running = sender(inbox[1], gateway["sms"])
    running.send_waiting()
    Message.update(state=WAITING, due_at="").execute()
    running.send_waiting()
    [text] = texts_to(gateway, "+442079460958")
    assert text.startswith(f"CoronaCare: {TEXTS['result_there']['fr'][1]} {PAGE}/link/")
    assert f"appelez le {PHONE}" in text


def test_an_outage_of_a_channel_blocks_no_other_channel(inbox: tuple[Inbox, int], gateway: dict[str, str]) -> None:
    add("1")
    add("2", "+44 20 7946 0958", "sms")
    assert sender(free_port(), gateway["sms"]).send_waiting() == 1
    assert states() == {"1": WAITING, "2": SENT}
    assert sender(inbox[1]).send_waiting() == 1


@pytest.mark.parametrize("recipient", ["greylisted@b.example", "full@b.example"])
def test_a_temporarily_refused_mail_waits_and_blocks_no_other(inbox: tuple[Inbox, int], recipient: str) -> None:
    add("1", recipient)
    add("2")
    assert sender(inbox[1]).send_waiting() == 1
    assert states() == {"1": WAITING, "2": SENT}


def test_after_a_closed_connection_the_sender_backs_off(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("1", "goes-down@b.example")
    add("2")
    running = sender(inbox[1])
    assert [running.send_waiting(), running.send_waiting()] == [0, 0]
    assert set(states().values()) == {WAITING}
    # the message at which the server closes the connection blocks the others during the back-off only
    later = time.monotonic() + 2
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: later)
    assert running.send_waiting() == 1


def test_an_accepted_mail_is_not_sent_again_when_quit_fails(inbox: tuple[Inbox, int]) -> None:
    inbox[0].farewell = "421 we close"
    add("1")
    assert sender(inbox[1]).send_waiting() == 1
    assert (len(inbox[0].received), states()) == (1, {"1": SENT})


def test_an_address_that_needs_smtputf8_is_refused_and_blocks_no_other() -> None:
    add("1", "josé@b.example")
    add("2")
    with smtp_server(enable_SMTPUTF8=False) as (_, port):
        assert sender(port).send_waiting() == 1
    assert states() == {"1": REFUSED, "1/telephone": WAITING, "2": SENT}


def test_an_outage_has_one_growing_pause_for_all_messages(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(50):
        add(str(number))
    now, connections = [1000.0], []
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: now[-1])
    connect = MailServer.connect
    monkeypatch.setattr(MailServer, "connect", lambda self: connections.append(now[-1]) or connect(self))
    during_outage = sender(free_port())
    # ten minutes, with an attempt each half second
    for _ in range(1200):
        during_outage.send_waiting()
        now.append(now[-1] + 0.5)
    assert 10 <= len(connections) <= 20
    assert len(caplog.records) <= 8
    assert {(message.state, message.attempts) for message in Message.select()} == {(WAITING, 0)}
    # after the outage all messages are sent
    after_outage = sender(inbox[1])
    assert sum(after_outage.send_waiting() for _ in range(3)) == 50


@pytest.mark.slow
def test_a_greylisted_mail_is_retried_for_five_days_and_then_replaced_by_a_call(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("C-1/tell_result/1", "greylisted@b.example", language="fr")
    running, clock = sender(inbox[1]), Clock(monkeypatch)
    attempts = []
    while clock.ahead < timedelta(days=7):
        running.send_waiting()
        attempts += [clock.ahead] * (len(inbox[0].recipients) - len(attempts))
        clock.advance(timedelta(minutes=5))
    assert 40 <= len(attempts) <= 50
    # RFC 5321, 4.5.4.1: a few attempts in the first hour, then one in two or three hours, for four to five days
    assert 3 <= sum(attempt < timedelta(hours=1) for attempt in attempts) <= 5
    assert timedelta(days=4) < attempts[-1] < timedelta(days=6)
    given_up, call = Message.select().order_by(Message.id)
    assert (given_up.state, call.state) == (GIVEN_UP, WAITING)
    assert (call.key, call.channel, call.language) == ("C-1/tell_result/1/telephone", "telephone", "fr")
    assert call.recipient == "greylisted@b.example"


def test_a_greylisted_mail_is_delivered_when_the_server_accepts_it(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("1", "greylisted@b.example")
    running, clock = sender(inbox[1]), Clock(monkeypatch)
    assert running.send_waiting() == 0
    monkeypatch.delitem(REPLIES, "greylisted")
    clock.advance(timedelta(minutes=4))
    assert running.send_waiting() == 0
    clock.advance(timedelta(minutes=3))
    assert running.send_waiting() == 1


UNDELIVERABLE = [f"{name}@b.example" for name in ("greylisted", "unknown", "full", "goes-down", "hangs-up", "ad\na")]


@pytest.mark.parametrize("recipient", [*UNDELIVERABLE, "", "<>"])
def test_an_undeliverable_message_blocks_no_other(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch, recipient: str
) -> None:
    for number in range(30):
        add(f"C-{number}/1", recipient if number == 7 else f"{number}@b.example")
    now = [1000.0]
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: now[-1])
    running = sender(inbox[1])
    rounds = 0
    while Message.select().where(Message.state == SENT).count() < 29:
        running.send_waiting()
        now.append(now[-1] + 0.5)
        rounds += 1
        assert rounds < 12
    assert len(inbox[0].received) == 29
    assert Message.get(Message.key == "C-7/1").state != SENT


def test_an_unexpected_error_of_a_message_counts_as_an_attempt_and_logs_no_address(
    inbox: tuple[Inbox, int], caplog: pytest.LogCaptureFixture
) -> None:
    Outbox().add("C-1/1", "email", "ada@b.example", "no such template", "en")
    add("C-2/1")
    assert sender(inbox[1]).send_waiting() == 1
    broken = Message.get(Message.key == "C-1/1")
    assert (broken.state, broken.attempts) == (WAITING, 1)
    assert broken.due_at > timestamp(timedelta(minutes=4))
    assert "KeyError" in caplog.text
    assert "ada@b.example" not in caplog.text


def test_a_message_with_exhausted_attempts_is_replaced_by_a_call() -> None:
    add("C-1/1")
    exhausted_at = next(attempts for attempts in range(1, 1000) if schedule("email").is_exhausted(attempts))
    Message.update(attempts=exhausted_at).execute()
    assert sender(free_port()).send_waiting() == 0
    assert sorted(states().items()) == [("C-1/1", REFUSED), ("C-1/1/telephone", WAITING)]


# AUTH without TLS is fine here: the server is on the loopback interface
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_mail_password_is_logged_and_leaves_the_messages_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    add("1")
    with smtp_server(password="right") as (inbox, port):
        assert sender(port, username="coronacare", password="hidden").send_waiting() == 0
        assert "the mail server refuses mail.username or mail.password (535)" in caplog.text
        assert "hidden" not in caplog.text
        assert sender(port).send_waiting() == 0
        assert "it requires mail.username and mail.password" in caplog.text
        assert states() == {"1": WAITING}
        assert sender(port, username="coronacare", password="right").send_waiting() == 1
        assert len(inbox.received) == 1


def test_a_wrong_sms_api_key_is_logged_and_leaves_the_messages_waiting(
    gateway: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    add("1", "+44 20 7946 0958", "sms")
    links = MessageLinks(PAGE, TASKLIST, Access(Cipher("a secret of the tests")))
    wrong = Sms(SmsGateway(gateway["sms"], "wrong"), links, PHONE)
    assert Sender(Outbox(), {"sms": wrong}, {"sms": schedule("sms")}).send_waiting() == 0
    assert states() == {"1": WAITING}
    assert "sms refuses the API key of sms.api_key (401)" in caplog.text


def test_a_refused_address_is_replaced_by_a_call_and_blocks_no_other(
    inbox: tuple[Inbox, int], gateway: dict[str, str]
) -> None:
    add("1", "unknown@b.example")
    add("2", "000 111", "sms")
    add("3")
    sender(inbox[1], gateway["sms"]).send_waiting()
    calls = {"1/telephone": WAITING, "2/telephone": WAITING}
    assert states() == {"1": REFUSED, "2": REFUSED, "3": SENT, **calls}


@pytest.mark.parametrize("template", sorted(TO_DOCTORS | TO_MANAGERS))
def test_an_undelivered_message_to_staff_is_counted_and_not_replaced_by_a_call(
    inbox: tuple[Inbox, int], template: str
) -> None:
    Outbox().add("C-1/alert/1", "email", "unknown@b.example", template, "en")
    sender(inbox[1]).send_waiting()
    assert states() == {"C-1/alert/1": REFUSED}
    assert count_undelivered_messages() == 1


@pytest.mark.parametrize("address", ["a@b.example\nBcc: c@d.example", "a\r@b.example"])
def test_an_address_with_a_line_break_injects_no_header_and_blocks_no_other(
    inbox: tuple[Inbox, int], address: str
) -> None:
    add("C-1/tell_result/1", recipient=address)
    add("C-2/tell_result/1")
    assert sender(inbox[1]).send_waiting() == 1
    assert states()["C-2/tell_result/1"] == SENT
    assert "d.example" not in str([message.as_string() for message in inbox[0].received])


def test_a_message_of_an_unknown_channel_blocks_no_other(inbox: tuple[Inbox, int]) -> None:
    add("C-1/tell_result/1", channel="by pigeon")
    add("C-2/tell_result/1")
    assert sender(inbox[1]).send_waiting() == 1
    assert states() == {"C-1/tell_result/1": WAITING, "C-2/tell_result/1": SENT}


def test_every_text_to_patients_exists_in_every_language() -> None:
    to_staff = {
        "visit_emergency",
        "report_overdue",
        "patient_call",
        "patient_call_unclaimed",
        "patient_call_escalated",
    }
    missing = {name for name, texts in TEXTS.items() if set(texts) != {"en", "fr", "ar"}}
    assert missing == to_staff


@pytest.mark.parametrize("language", ["en", "fr", "ar"])
def test_the_message_about_a_request_names_the_case(language: str) -> None:
    _subject, text = compose_mail("request_received", language, "C-ABC", "https://care.example/link/1", "116 117")
    assert "C-ABC" in text
    assert "C-ABC" in compose_sms("request_received", language, "C-ABC", "https://care.example/link/1", "116 117")


def test_a_text_in_an_unknown_language_is_english() -> None:
    assert text_of("result_there", "xx", "C-1") == TEXTS["result_there"]["en"]
