"""The government: cases, contacts, and a real SMTP server that is asked once per contact."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import InvalidToken
from flask.testing import FlaskClient

from hosting.clients.mail import MailServer
from hosting.clients.sms import SmsGateway
from services.government.app import create_app
from services.government.archive import Archive
from services.government.models import Case, Contact, person_key
from services.government.notification import Notifier
from tests.support.databases import open_service
from tests.support.serving import Reply, serving
from tests.support.smtp import REPLIES, Inbox

KEY = {"X-API-Key": "key"}
ARCHIVE = Archive("a key of the tests")
# nothing answers there
NO_MAIL = MailServer("127.0.0.1", 1)
NO_SMS = SmsGateway("http://127.0.0.1:1", "key")
CASE = {"case_reference": "C-1", "given_name": "Ada", "family_name": "Lovelace", "date_of_birth": "1990-05-10"}
CONTACT = {
    "name": "Charles", "email": "charles@contacts.example", "relation": "friend", "exposure": "close",
    "last_exposure_date": "2020-03-19",
}  # fmt: skip


@pytest.fixture
def government(tmp_path: Path, inbox: tuple[Inbox, int]) -> Iterator[FlaskClient]:
    database = open_service(f"sqlite:///{tmp_path}/government.db", "government")
    notifier = Notifier(
        MailServer("127.0.0.1", inbox[1]), "authority@government.example", NO_SMS, "http://pages.example"
    )
    yield create_app(database, "key", notifier, ARCHIVE).test_client()
    database.close()


def register(government: FlaskClient, key: str = "register") -> Any:
    return government.post("/v1/cases", json=CASE, headers={**KEY, "Idempotency-Key": key})


def submit(government: FlaskClient, *contacts: Any, key: str = "submit") -> Any:
    headers = {**KEY, "Idempotency-Key": key}
    return government.post("/v1/cases/C-1/contacts", json={"contacts": list(contacts)}, headers=headers)


def notify(government: FlaskClient, contact_id: str) -> Any:
    return government.post(f"/v1/contacts/{contact_id}/notification", json={}, headers=KEY)


def test_a_contact_is_told_once_and_learns_neither_name_nor_result(
    government: FlaskClient, inbox: tuple[Inbox, int]
) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    assert [notify(government, contact_id).json["outcome"] for _ in range(3)] == ["notified"] * 3

    [message] = inbox[0].got
    assert message["To"] == CONTACT["email"]
    assert message["Message-ID"] == f"<exposed-{contact_id}@government.example>"
    text = message.get_payload()
    assert not any(word in text for word in ("Ada", "Lovelace", "positive", "C-1"))
    token = text.split("http://pages.example/contact/")[1].split()[0]
    assert government.get(f"/v1/tokens/{token}", headers=KEY).json == {
        "last_exposure_date": "2020-03-19",
        "released": False,
    }


@pytest.mark.parametrize("email", [None, "", "unknown@contacts.example"])
def test_an_unreachable_contact_is_an_outcome(government: FlaskClient, email: str | None) -> None:
    register(government)
    [contact_id] = submit(government, {**CONTACT, "email": email}).json["contact_ids"]
    assert notify(government, contact_id).json["outcome"] == "unreachable"
    assert government.get("/v1/cases/C-1", headers=KEY).json["contacts"] == [
        {"contact_id": contact_id, "outcome": "unreachable", "released": False}
    ]


@pytest.mark.parametrize("mailbox", ["greylisted", "full", "goes-down"])
def test_a_mail_that_the_server_wants_later_is_asked_for_again(government: FlaskClient, mailbox: str) -> None:
    register(government)
    [contact_id] = submit(government, {**CONTACT, "email": f"{mailbox}@contacts.example"}).json["contact_ids"]
    answer = notify(government, contact_id)
    assert (answer.status_code, answer.json["code"]) == (503, "recipient_deferred")
    # the last attempt goes on without
    last = government.post(f"/v1/contacts/{contact_id}/notification?last_attempt=true", json={}, headers=KEY)
    assert last.json["outcome"] == "unreachable"


@pytest.mark.parametrize("value", ["", "false", "True"])
def test_a_last_attempt_is_true_or_left_out(government: FlaskClient, value: str) -> None:
    answer = government.post(f"/v1/contacts/1/notification?last_attempt={value}", json={}, headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_an_address_that_is_refused_for_now_keeps_no_other_contact_from_being_released(
    government: FlaskClient, inbox: tuple[Inbox, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    register(government)
    contacts = [{**CONTACT, "email": f"{name}@contacts.example"} for name in ("later", "charles")]
    for contact_id in submit(government, *contacts).json["contact_ids"]:
        notify(government, contact_id)
    monkeypatch.setitem(REPLIES, "later", "450 come again")

    def correct(query: str = "") -> Any:
        return government.post(f"/v1/cases/C-1/result{query}", json={"result": "negative"}, headers=KEY)

    def released() -> list[bool]:
        return [each["released"] for each in government.get("/v1/cases/C-1", headers=KEY).json["contacts"]]

    assert [correct().json.get("code") for _ in range(2)] == ["recipient_deferred"] * 2
    assert released() == [False, True]
    # the other was notified once
    assert [message["To"] for message in inbox[0].got].count("charles@contacts.example") == 2
    assert correct("?last_attempt=true").json == {"registered": True}
    assert released() == [True, True]


def test_a_wrong_key_of_the_gateway_makes_no_contact_unreachable(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(lambda call: Reply(401, b"{}")) as url:
        notifier = Notifier(NO_MAIL, "a@b.example", SmsGateway(url, "wrong"), "http://x")
        database = open_service(f"sqlite:///{tmp_path}/g.db", "government")
        government = create_app(database, "key", notifier, ARCHIVE).test_client()
        register(government)
        [contact_id] = submit(government, {**CONTACT, "email": None, "phone": "+442079460958"}).json["contact_ids"]
        assert notify(government, contact_id).json["code"] == "messages_unavailable"
        database.close()
    assert "sms refuses the API key of sms.api_key (401)" in caplog.text


def test_a_mail_that_the_server_has_is_not_sent_again_whatever_it_says_to_the_farewell(
    government: FlaskClient, inbox: tuple[Inbox, int]
) -> None:
    inbox[0].farewell = "421 we close"
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    assert [notify(government, contact_id).json["outcome"] for _ in range(2)] == ["notified"] * 2
    assert len(inbox[0].got) == 1


def test_without_a_mail_server_the_contact_is_told_later(tmp_path: Path) -> None:
    database = open_service(f"sqlite:///{tmp_path}/government.db", "government")
    government = create_app(
        database, "key", Notifier(NO_MAIL, "a@b.example", NO_SMS, "http://x"), ARCHIVE
    ).test_client()
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    assert notify(government, contact_id).status_code == 503
    assert government.get("/v1/cases/C-1", headers=KEY).json["contacts"][0]["outcome"] is None
    database.close()


def test_a_repeated_list_adds_no_contact(government: FlaskClient) -> None:
    register(government)
    assert submit(government, CONTACT).json == submit(government, CONTACT).json
    assert len(government.get("/v1/cases/C-1", headers=KEY).json["contacts"]) == 1


def test_a_list_without_contacts_is_fine(government: FlaskClient) -> None:
    register(government)
    assert submit(government).json == {"contact_ids": []}


def test_a_case_is_registered_once(government: FlaskClient) -> None:
    assert [register(government).status_code for _ in range(2)] == [201, 201]
    # a case that is traced again after a correction
    assert register(government, key="other").status_code == 201
    assert Case.select().count() == 1


@pytest.mark.parametrize(
    "contact",
    [
        "x", {}, {**CONTACT, "name": 1}, {**CONTACT, "last_exposure_date": "yesterday"}, {**CONTACT, "email": ["a"]},
        {**CONTACT, "name": "\x00"}, {**CONTACT, "name": "x" * 1001},
    ],
)  # fmt: skip
def test_a_malformed_contact_is_refused_and_none_is_kept(government: FlaskClient, contact: Any) -> None:
    register(government)
    assert submit(government, CONTACT, contact).json["code"] == "malformed"
    assert government.get("/v1/cases/C-1", headers=KEY).json["contacts"] == []


@pytest.mark.parametrize("path", ["/v1/tokens/never", "/v1/cases/C-9", "/v1/nothing"])
def test_what_is_not_there(government: FlaskClient, path: str) -> None:
    assert government.get(path, headers=KEY).status_code == 404
    assert notify(government, "99").status_code == 404


def erase(government: FlaskClient) -> Any:
    return government.delete("/v1/cases/C-1", headers=KEY)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Takes what the SMS gateway is asked to forget."""
    forgotten: list[str] = []
    monkeypatch.setattr(Notifier, "delete_messages", lambda self, contact: forgotten.append(str(contact.id)))
    return forgotten


def everything_in(*rows: Any) -> str:
    return " ".join(str(row.__data__) for row in rows)


@pytest.mark.usefixtures("gateway")
def test_of_an_erased_positive_there_is_what_the_law_keeps_sealed(government: FlaskClient) -> None:
    register(government)
    submit(government, CONTACT)
    assert erase(government).json == {"kept": True}
    kept = everything_in(Case.get(), Contact.get())
    # what is sealed is random in base64, where a short word may be: not within quotes, nor with a hyphen
    assert not any(word in kept for word in ("'Ada'", '"Ada"', "Lovelace", "1990-", "Charles", "charles", "friend"))
    opened = ARCHIVE.decrypt(Case.get().sealed)
    assert (opened["given_name"], opened["contacts"][0]["name"]) == ("Ada", "Charles")
    with pytest.raises(InvalidToken):
        Archive("another key").decrypt(Case.get().sealed)
    # asked for again, it is the same
    assert erase(government).json == {"kept": True}
    assert ARCHIVE.decrypt(Case.get().sealed) == opened


@pytest.mark.usefixtures("gateway")
def test_of_a_case_that_is_not_positive_any_more_nothing_is_kept(government: FlaskClient) -> None:
    register(government)
    government.post("/v1/cases/C-1/result", json={"result": "negative"}, headers=KEY)
    assert erase(government).json == {"kept": False}
    assert Case.get().sealed is None


@pytest.mark.usefixtures("gateway")
def test_nothing_that_comes_late_brings_an_erased_case_back(government: FlaskClient) -> None:
    assert erase(government).json == {"kept": False}
    assert register(government).json["code"] == "erased"
    assert submit(government, CONTACT).status_code == 404
    assert government.get("/v1/cases/C-1", headers=KEY).status_code == 404
    assert "Ada" not in everything_in(Case.get())


def test_a_contact_of_an_erased_case_has_their_page_still(government: FlaskClient, gateway: list[str]) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    notify(government, contact_id)
    erase(government)
    assert gateway == [contact_id]
    answer = government.get(f"/v1/tokens/{Contact.get().token}", headers=KEY)
    assert answer.json == {"last_exposure_date": "2020-03-19", "released": False}
    assert notify(government, contact_id).status_code == 404


def test_while_the_gateway_can_not_be_reached_a_case_with_contacts_is_not_erased(government: FlaskClient) -> None:
    register(government)
    submit(government, CONTACT)
    assert erase(government).status_code == 503
    assert Case.get().given_name == "Ada"


def beside(government: FlaskClient, monkeypatch: pytest.MonkeyPatch, other: Callable[[FlaskClient], Any]) -> None:
    """Have another request come while a message is on its way."""

    def send(notifier: Notifier, contact: Contact, template: str) -> bool:
        thread = threading.Thread(target=other, args=[government.application.test_client()])
        thread.start()
        thread.join()
        return True

    monkeypatch.setattr(Notifier, "send", send)


def test_a_contact_that_is_erased_while_a_message_is_on_its_way_stays_erased(
    government: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    monkeypatch.setattr(Notifier, "delete_messages", lambda *_: None)
    beside(government, monkeypatch, lambda client: client.delete("/v1/cases/C-1", headers=KEY))
    body = {
        "reached": True,
        "symptoms": "cough",
        "quarantine": "yes",
        "note": "Ada",
        "email": "a@b.example",
        "phone": None,
    }
    assert government.post(f"/v1/contacts/{contact_id}/call", json=body, headers=KEY).status_code == 200
    contact = Contact.get()
    assert (contact.name, contact.email, contact.phone, contact.call) == ("", None, None, None)
    assert notify(government, contact_id).status_code == 404


def test_a_contact_that_is_released_while_a_message_is_on_its_way_stays_released(
    government: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    corrected = {"json": {"result": "negative"}, "headers": KEY}
    beside(government, monkeypatch, lambda client: client.post("/v1/cases/C-1/result", **corrected))
    assert notify(government, contact_id).json["outcome"] == "notified"
    assert (Contact.get().released, Contact.get().outcome) == (True, "notified")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("Ada Lovelace", None, "+44 20 7946 0000"), ("ADA  LOVELACE", "", "0044-20 79460000")),
        (("Ada Lovelace", "Ada@contacts.example", None), ("ada lovelace", " ada@CONTACTS.example ", "+44 1")),
        (("Zoe\u0301", "z@contacts.example", None), ("ZO\u00c9", "z@contacts.example", None)),
        (("Ａｄａ", None, "+４４ 20"), ("Ada", None, "+4420")),
    ],
)
def test_a_person_is_the_same_however_they_are_written(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    """A contact gets one message a day, whoever names them."""
    assert person_key(*one) == person_key(*other)
    assert person_key(*one) != person_key("Charles", *one[1:])
