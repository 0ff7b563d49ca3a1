"""Messages leave by real servers: each once, none lost while one is away, one refused holds up no other."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
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
from workers.messages import TEXTS, TO_DOCTORS, TO_MANAGERS, text_of
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


RETRIES = config.load().retries


def schedule(channel: str) -> RetrySchedule:
    return RetrySchedule(**getattr(RETRIES, channel).model_dump())


def sender(mail_port: int, sms_url: str = "http://127.0.0.1:1", **sign_in: Any) -> Sender:
    links = MessageLinks(PAGE, TASKLIST, Access(Cipher("a secret of the tests")))
    mail = Mail(MailServer("127.0.0.1", mail_port, **sign_in), "CoronaCare <no-reply@coronacare.example>", links)
    channels = {"email": mail, "sms": Sms(SmsGateway(sms_url, "key"), links)}
    return Sender(Outbox(), channels, {name: schedule(name) for name in channels})


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
    Message.update(state=WAITING, due_at="").execute()
    sender(inbox[1]).send_waiting()
    assert len({message["Message-ID"] for message in inbox[0].got}) == 1


def test_an_sms_is_sent_once_though_it_is_tried_twice(inbox: tuple[Inbox, int], gateway: dict[str, str]) -> None:
    add("C-1/tell_result/1", "+44 20 7946 0958", "sms", "fr")
    both = sender(inbox[1], gateway["sms"])
    both.send_waiting()
    Message.update(state=WAITING, due_at="").execute()
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


def test_a_server_that_goes_down_gets_no_more_for_a_moment(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("1", "goes-down@b.example")
    add("2")
    running = sender(inbox[1])
    assert [running.send_waiting(), running.send_waiting()] == [0, 0]
    assert set(states().values()) == {WAITING}
    # and the one at which it closes holds up the others for that moment only
    later = time.monotonic() + 2
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: later)
    assert running.send_waiting() == 1


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
    assert states() == {"1": REFUSED, "1/telephone": WAITING, "2": SENT}


def test_a_server_that_is_away_has_one_pause_for_all_messages_which_grows(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(50):
        add(str(number))
    now, connections = [1000.0], []
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: now[-1])
    connect = MailServer.connect
    monkeypatch.setattr(MailServer, "connect", lambda self: connections.append(now[-1]) or connect(self))
    away = sender(free_port())
    # for ten minutes, twice a second
    for _ in range(1200):
        away.send_waiting()
        now.append(now[-1] + 0.5)
    assert 10 <= len(connections) <= 20
    assert len(caplog.records) <= 8
    assert {(message.state, message.attempts) for message in Message.select()} == {(WAITING, 0)}
    # when it is back, they all leave at once
    back = sender(inbox[1])
    assert sum(back.send_waiting() for _ in range(3)) == 50


@pytest.mark.slow
def test_one_greylisted_mail_is_tried_some_forty_times_in_five_days_and_then_replaced_by_a_call(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    add("C-1/tell_result/1", "greylisted@b.example", language="fr")
    running, clock = sender(inbox[1]), Clock(monkeypatch)
    sessions = []
    while clock.ahead < timedelta(days=7):
        running.send_waiting()
        sessions += [clock.ahead] * (len(inbox[0].recipients) - len(sessions))
        clock.advance(timedelta(minutes=5))
    assert 40 <= len(sessions) <= 50
    # RFC 5321, 4.5.4.1: few at first, then one in two or three hours, for four to five days
    assert 3 <= sum(session < timedelta(hours=1) for session in sessions) <= 5
    assert timedelta(days=4) < sessions[-1] < timedelta(days=6)
    given_up, call = Message.select().order_by(Message.id)
    assert (given_up.state, call.state) == (GIVEN_UP, WAITING)
    assert (call.key, call.channel, call.language) == ("C-1/tell_result/1/telephone", "telephone", "fr")
    assert call.recipient == "greylisted@b.example"


def test_a_greylisted_mail_is_delivered_once_the_list_knows_us(
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


BAD = [f"{name}@b.example" for name in ("greylisted", "unknown", "full", "goes-down", "hangs-up", "ad\na")]


@pytest.mark.parametrize("bad", [*BAD, "", "<>"])
def test_of_many_messages_one_that_is_bad_holds_up_no_other(
    inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch, bad: str
) -> None:
    for number in range(30):
        add(f"C-{number}/1", bad if number == 7 else f"{number}@b.example")
    now = [1000.0]
    monkeypatch.setattr("camunda7.outages.time.monotonic", lambda: now[-1])
    running = sender(inbox[1])
    turns = 0
    while Message.select().where(Message.state == SENT).count() < 29:
        running.send_waiting()
        now.append(now[-1] + 0.5)
        turns += 1
        assert turns < 12
    assert len(inbox[0].got) == 29
    assert Message.get(Message.key == "C-7/1").state != SENT


def test_an_unforeseen_error_of_one_message_is_an_attempt_and_shows_nothing_of_it(
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


def test_a_message_whose_senders_die_ends_in_a_call() -> None:
    add("C-1/1")
    allowed = next(attempts for attempts in range(1, 1000) if schedule("email").is_exhausted(attempts))
    Message.update(attempts=allowed).execute()
    assert sender(free_port()).send_waiting() == 0
    assert sorted(states().items()) == [("C-1/1", REFUSED), ("C-1/1/telephone", WAITING)]


# the connection doesn't leave this machine
@pytest.mark.filterwarnings("ignore:Requiring AUTH")
def test_a_wrong_password_at_the_mail_server_is_logged_as_that_and_refuses_no_message(
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
        assert len(inbox.got) == 1


def test_a_wrong_api_key_at_the_gateway_is_logged_as_that_and_refuses_no_message(
    gateway: dict[str, str], caplog: pytest.LogCaptureFixture
) -> None:
    add("1", "+44 20 7946 0958", "sms")
    links = MessageLinks(PAGE, TASKLIST, Access(Cipher("a secret of the tests")))
    wrong = Sms(SmsGateway(gateway["sms"], "wrong"), links)
    assert Sender(Outbox(), {"sms": wrong}, {"sms": schedule("sms")}).send_waiting() == 0
    assert states() == {"1": WAITING}
    assert "sms refuses the API key of sms.api_key (401)" in caplog.text


def test_a_refused_address_holds_up_no_other(inbox: tuple[Inbox, int], gateway: dict[str, str]) -> None:
    add("1", "unknown@b.example")
    add("2", "000 111", "sms")
    add("3")
    sender(inbox[1], gateway["sms"]).send_waiting()
    calls = {"1/telephone": WAITING, "2/telephone": WAITING}
    assert states() == {"1": REFUSED, "2": REFUSED, "3": SENT, **calls}


@pytest.mark.parametrize("template", sorted(TO_DOCTORS | TO_MANAGERS))
def test_staff_who_can_not_be_reached_are_not_called(inbox: tuple[Inbox, int], template: str) -> None:
    Outbox().add("C-1/alert/1", "email", "unknown@b.example", template, "en")
    sender(inbox[1]).send_waiting()
    assert states() == {"C-1/alert/1": REFUSED}
    assert count_undelivered_messages() == 1


@pytest.mark.parametrize("odd", ["a@b.example\nBcc: c@d.example", "a\r@b.example"])
def test_an_address_that_no_mail_can_be_made_for_holds_up_no_other(inbox: tuple[Inbox, int], odd: str) -> None:
    add("C-1/tell_result/1", recipient=odd)
    add("C-2/tell_result/1")
    assert sender(inbox[1]).send_waiting() == 1
    assert states()["C-2/tell_result/1"] == SENT
    assert "d.example" not in str([message.as_string() for message in inbox[0].got])


def test_a_defect_at_one_message_holds_up_no_other(inbox: tuple[Inbox, int]) -> None:
    add("C-1/tell_result/1", channel="by pigeon")
    add("C-2/tell_result/1")
    assert sender(inbox[1]).send_waiting() == 1
    assert states() == {"C-1/tell_result/1": WAITING, "C-2/tell_result/1": SENT}


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
