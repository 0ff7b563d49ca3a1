"""The government: cases, contacts, and one message per contact by a real SMTP server."""

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
from tests.support.http_server import Reply, http_server
from tests.support.smtp import REPLIES, Inbox

KEY = {"X-API-Key": "key"}
ARCHIVE = Archive("a key of the tests")
PHONE = "+44 20 7946 0000"
# unreachable servers
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
        MailServer("127.0.0.1", inbox[1]), "authority@government.example", NO_SMS, "http://pages.example", PHONE
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


def test_a_contact_is_notified_once_without_the_patients_name_or_result(
    government: FlaskClient, inbox: tuple[Inbox, int]
) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    assert [notify(government, contact_id).json["outcome"] for _ in range(3)] == ["notified"] * 3

    [message] = inbox[0].received
    assert message["To"] == CONTACT["email"]
    assert message["Message-ID"] == f"<exposed-{contact_id}@government.example>"
    text = message.get_payload(decode=True).decode()
    # a contact must be able to tell the message from a fraud
    assert "named you as a close contact" in text
    assert f"call {PHONE}" in text
    assert not any(word in text for word in ("Ada", "Lovelace", "positive", "C-1"))
    token = text.split("http://pages.example/contact/")[1].split()[0]
    assert government.get(f"/v1/tokens/{token}", headers=KEY).json == {
        "last_exposure_date": "2020-03-19",
        "released": False,
    }


@pytest.mark.parametrize("email", [None, "", "unknown@contacts.example"])
def test_a_contact_without_a_valid_address_is_unreachable(government: FlaskClient, email: str | None) -> None:
    register(government)
    [contact_id] = submit(government, {**CONTACT, "email": email}).json["contact_ids"]
    assert notify(government, contact_id).json["outcome"] == "unreachable"
    assert government.get("/v1/cases/C-1", headers=KEY).json["contacts"] == [
        {"contact_id": contact_id, "outcome": "unreachable", "released": False}
    ]


@pytest.mark.parametrize("mailbox", ["greylisted", "full", "goes-down"])
def test_a_deferred_mail_is_unreachable_at_the_last_attempt_only(government: FlaskClient, mailbox: str) -> None:
    register(government)
    [contact_id] = submit(government, {**CONTACT, "email": f"{mailbox}@contacts.example"}).json["contact_ids"]
    answer = notify(government, contact_id)
    assert (answer.status_code, answer.json["code"]) == (503, "recipient_deferred")
    # the last attempt continues without the mail
    last = government.post(f"/v1/contacts/{contact_id}/notification?last_attempt=true", json={}, headers=KEY)
    assert last.json["outcome"] == "unreachable"


@pytest.mark.parametrize("value", ["", "false", "True"])
def test_any_value_of_last_attempt_but_true_is_malformed(government: FlaskClient, value: str) -> None:
    answer = government.post(f"/v1/contacts/1/notification?last_attempt={value}", json={}, headers=KEY)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")


def test_a_deferred_address_does_not_block_the_release_of_another_contact(
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
    # the other contact got one notification and one release
    assert [message["To"] for message in inbox[0].received].count("charles@contacts.example") == 2
    assert correct("?last_attempt=true").json == {"registered": True}
    assert released() == [True, True]


def test_a_wrong_sms_api_key_makes_no_contact_unreachable(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with http_server(lambda call: Reply(401, b"{}")) as url:
        notifier = Notifier(NO_MAIL, "a@b.example", SmsGateway(url, "wrong"), "http://x", PHONE)
        database = open_service(f"sqlite:///{tmp_path}/g.db", "government")
        government = create_app(database, "key", notifier, ARCHIVE).test_client()
        register(government)
        [contact_id] = submit(government, {**CONTACT, "email": None, "phone": "+442079460958"}).json["contact_ids"]
        assert notify(government, contact_id).json["code"] == "messages_unavailable"
        database.close()
    assert "sms refuses the API key of sms.api_key (401)" in caplog.text


def test_an_accepted_mail_is_not_sent_again_when_quit_fails(government: FlaskClient, inbox: tuple[Inbox, int]) -> None:
    inbox[0].farewell = "421 we close"
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    assert [notify(government, contact_id).json["outcome"] for _ in range(2)] == ["notified"] * 2
    assert len(inbox[0].received) == 1


def test_an_outage_of_the_mail_server_leaves_the_contact_without_an_outcome(tmp_path: Path) -> None:
    database = open_service(f"sqlite:///{tmp_path}/government.db", "government")
    government = create_app(
        database, "key", Notifier(NO_MAIL, "a@b.example", NO_SMS, "http://x", PHONE), ARCHIVE
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


def test_an_empty_list_of_contacts_is_accepted(government: FlaskClient) -> None:
    register(government)
    assert submit(government).json == {"contact_ids": []}


def test_a_case_is_registered_once(government: FlaskClient) -> None:
    assert [register(government).status_code for _ in range(2)] == [201, 201]
    # a case that is registered again after a correction
    assert register(government, key="other").status_code == 201
    assert Case.select().count() == 1


@pytest.mark.parametrize(
    "contact",
    [
        "x", {}, {**CONTACT, "name": 1}, {**CONTACT, "last_exposure_date": "yesterday"}, {**CONTACT, "email": ["a"]},
        {**CONTACT, "name": "\x00"}, {**CONTACT, "name": "x" * 1001},
    ],
)  # fmt: skip
def test_a_list_with_a_malformed_contact_is_refused_as_a_whole(government: FlaskClient, contact: Any) -> None:
    register(government)
    assert submit(government, CONTACT, contact).json["code"] == "malformed"
    assert government.get("/v1/cases/C-1", headers=KEY).json["contacts"] == []


@pytest.mark.parametrize("path", ["/v1/tokens/never", "/v1/cases/C-9", "/v1/nothing"])
def test_unknown_resources_are_not_found(government: FlaskClient, path: str) -> None:
    assert government.get(path, headers=KEY).status_code == 404
    assert notify(government, "99").status_code == 404


def erase(government: FlaskClient) -> Any:
    return government.delete("/v1/cases/C-1", headers=KEY)


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the ids of contacts whose messages were deleted at the SMS gateway."""
    contact_ids: list[str] = []
    monkeypatch.setattr(Notifier, "delete_messages", lambda self, contact: contact_ids.append(str(contact.id)))
    return contact_ids


def text_of_rows(*rows: Any) -> str:
    return " ".join(str(row.__data__) for row in rows)


@pytest.mark.usefixtures("gateway")
def test_an_erased_positive_case_is_kept_in_the_encrypted_archive_only(government: FlaskClient) -> None:
    register(government)
    submit(government, CONTACT)
    assert erase(government).json == {"kept": True}
    stored = text_of_rows(Case.get(), Contact.get())
    # base64 may contain a short word by chance, but no quotes, and no hyphen after 1990
    assert not any(word in stored for word in ("'Ada'", '"Ada"', "Lovelace", "1990-", "Charles", "charles", "friend"))
    opened = ARCHIVE.decrypt(Case.get().sealed)
    assert (opened["given_name"], opened["contacts"][0]["name"]) == ("Ada", "Charles")
    with pytest.raises(InvalidToken):
        Archive("another key").decrypt(Case.get().sealed)
    # a second request changes nothing
    assert erase(government).json == {"kept": True}
    assert ARCHIVE.decrypt(Case.get().sealed) == opened


@pytest.mark.usefixtures("gateway")
def test_a_case_corrected_to_negative_is_erased_without_an_archive(government: FlaskClient) -> None:
    register(government)
    government.post("/v1/cases/C-1/result", json={"result": "negative"}, headers=KEY)
    assert erase(government).json == {"kept": False}
    assert Case.get().sealed is None


@pytest.mark.usefixtures("gateway")
def test_late_requests_do_not_restore_an_erased_case(government: FlaskClient) -> None:
    assert erase(government).json == {"kept": False}
    assert register(government).json["code"] == "erased"
    assert submit(government, CONTACT).status_code == 404
    assert government.get("/v1/cases/C-1", headers=KEY).status_code == 404
    assert "Ada" not in text_of_rows(Case.get())


def test_the_page_of_a_contact_survives_the_erasure_of_the_case(government: FlaskClient, gateway: list[str]) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    notify(government, contact_id)
    erase(government)
    assert gateway == [contact_id]
    answer = government.get(f"/v1/tokens/{Contact.get().token}", headers=KEY)
    assert answer.json == {"last_exposure_date": "2020-03-19", "released": False}
    assert notify(government, contact_id).status_code == 404


def test_a_case_with_contacts_is_not_erased_during_an_outage_of_the_gateway(government: FlaskClient) -> None:
    register(government)
    submit(government, CONTACT)
    assert erase(government).status_code == 503
    assert Case.get().given_name == "Ada"


def request_during_notification(
    government: FlaskClient, monkeypatch: pytest.MonkeyPatch, request: Callable[[FlaskClient], Any]
) -> None:
    """Make another request while a message is being sent."""

    def send(notifier: Notifier, contact: Contact, template: str) -> bool:
        thread = threading.Thread(target=request, args=[government.application.test_client()])
        thread.start()
        thread.join()
        return True

    monkeypatch.setattr(Notifier, "send", send)


def test_a_contact_that_is_erased_while_a_message_is_sent_stays_erased(
    government: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    monkeypatch.setattr(Notifier, "delete_messages", lambda *_: None)
    request_during_notification(government, monkeypatch, lambda client: client.delete("/v1/cases/C-1", headers=KEY))
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


def test_a_contact_that_is_released_while_a_message_is_sent_stays_released(
    government: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    register(government)
    [contact_id] = submit(government, CONTACT).json["contact_ids"]
    corrected = {"json": {"result": "negative"}, "headers": KEY}
    request_during_notification(
        government, monkeypatch, lambda client: client.post("/v1/cases/C-1/result", **corrected)
    )
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
def test_a_person_is_recognised_in_any_notation_of_name_and_address(
    one: tuple[Any, ...], other: tuple[Any, ...]
) -> None:
    """A person who is named by several patients gets one message a day."""
    assert person_key(*one) == person_key(*other)
    assert person_key(*one) != person_key("Charles", *one[1:])
