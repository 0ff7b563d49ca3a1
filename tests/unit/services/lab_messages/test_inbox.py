"""Laboratories' messages are stored, decided once, and left to staff where no rule decides."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import peewee
import pytest
from flask.testing import FlaskClient

from services.lab.app import create_app
from services.lab.gateway import inbox as inbox_module
from services.lab.gateway.inbox import Inbox
from services.lab.gateway.matching import Reason
from services.lab.gateway.messages.reports import Format
from services.lab.gateway.transmissions import Refused
from services.lab.models import CodeMapping, Decided, FeedItem, Order, Transmission
from tests.support.databases import open_service
from tests.support.lab_messages import HEADER, NEGATIVE, POSITIVE, Example, csv, csv_row, hl7, write
from tests.support.tier import rounds

KEY = {"X-API-Key": "key"}
LABORATORY_KEYS = {"north": "north's key", "south": "south's key"}
SENDER, OTHER_SENDER = ({"X-API-Key": key} for key in LABORATORY_KEYS.values())
LOCAL = ("COV", "House PCR", "L")


@pytest.fixture
def database(tmp_path: Path) -> Iterator[peewee.Database]:
    opened = open_service(f"sqlite:///{tmp_path}/lab.db", "lab")
    yield opened
    opened.close()


@pytest.fixture
def inbox(database: peewee.Database) -> Inbox:
    return Inbox(database, max_bytes=2_000_000)


@pytest.fixture
def lab(database: peewee.Database, inbox: Inbox) -> FlaskClient:
    client = create_app(database, "key", 100, inbox, LABORATORY_KEYS).test_client()
    for number, barcode in enumerate(("AB-12345", "AB-2", "AB-3"), 1):
        order(client, barcode, f"C-{number}")
    return client


def order(lab: FlaskClient, barcode: str, case: str, born: str | None = "1990-07-21") -> Any:
    body = {
        "case_reference": case,
        "sample_number": 1,
        "sample_barcode": barcode,
        "specimen_type": "saliva",
        "priority": 40,
        "date_of_birth": born,
    }
    answer = post(lab, "/v1/orders", body)
    assert answer.status_code == 201
    return answer.json["order_id"]


def post(lab: FlaskClient, path: str, body: dict[str, Any]) -> Any:
    return lab.post(path, json=body, headers={**KEY, "Idempotency-Key": f"{path} {body}"[:200]})


def results(database: peewee.Database) -> list[tuple[str, str, str | None]]:
    with database.connection_context():
        return [
            (item.sample_barcode, item.status, item.result)
            for item in FeedItem.select().where(FeedItem.kind == "result").order_by(FeedItem.id)
        ]


def outcomes(database: peewee.Database) -> list[str]:
    """Reason of each item in the inbox, outcome of the others."""
    with database.connection_context():
        return [row.reason if row.outcome == "inbox" else row.outcome for row in Decided.select().order_by(Decided.id)]


def send(inbox: Inbox, *examples: Example, format: Format = Format.HL7) -> None:
    for example in examples:
        inbox.receive("http", write(example, format), format)
        inbox.run()


@pytest.mark.parametrize("format", list(Format))
def test_a_result_goes_to_the_feed_once(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database, format: Format
) -> None:
    send(inbox, POSITIVE, POSITIVE, replace(POSITIVE, control_id="MSG-2", order="LIS-78"), format=format)
    assert results(database) == [("AB-12345", "final", "positive")]
    assert outcomes(database) == ["taken", "known"]
    with database.connection_context():
        assert Order.get(Order.sample_barcode == "AB-12345").state == "finished"


@pytest.mark.parametrize("format", list(Format))
def test_preliminary_final_corrected_withdrawn(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database, format: Format
) -> None:
    statuses = enumerate(("P", "F", "C", "W", "W", "F", "C"))
    send(
        inbox,
        *(
            replace(NEGATIVE if number == 2 else POSITIVE, status=status, control_id=f"MSG-{number}")
            for number, status in statuses
        ),
        format=format,
    )
    assert results(database) == [
        ("AB-12345", "final", "positive"),
        ("AB-12345", "corrected", "negative"),
        ("AB-12345", "entered-in-error", None),
        ("AB-12345", "corrected", "positive"),
    ]
    # CSV has no control id: the second withdrawal and final result are the files that were sent before
    repeated = [] if format is Format.CSV else ["known", Reason.WITHDRAWN_BEFORE]
    assert outcomes(database) == ["preliminary", "taken", "taken", "taken", *repeated, "taken"]


def test_a_control_id_that_another_message_had_is_for_staff(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database
) -> None:
    send(inbox, POSITIVE, replace(POSITIVE, barcode="AB-2"))
    assert outcomes(database) == ["taken", Reason.CONTROL_ID_REUSED]


def test_different_results_of_a_sample_in_a_message_are_for_staff(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database
) -> None:
    inbox.receive("http", csv(POSITIVE, NEGATIVE, replace(POSITIVE, barcode="AB-2")), Format.CSV)
    inbox.run()
    assert outcomes(database) == [Reason.SEVERAL_RESULTS, Reason.SEVERAL_RESULTS, "taken"]
    assert results(database) == [("AB-2", "final", "positive")]


def test_one_sample_of_two_patients_in_a_message_is_for_staff(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database
) -> None:
    other = csv(POSITIVE).splitlines(keepends=True)[1].replace(b"Sample", b"Other")
    inbox.receive("http", csv(POSITIVE) + other, Format.CSV)
    inbox.run()
    assert outcomes(database) == [Reason.SEVERAL_RESULTS] * 2


def test_the_same_unknown_result_waits_once(lab: FlaskClient, inbox: Inbox, database: peewee.Database) -> None:
    unknown = replace(POSITIVE, barcode="AB-99")
    send(inbox, unknown, unknown, replace(unknown, control_id="MSG-2"))
    assert outcomes(database) == [Reason.NO_SAMPLE, "known"]


def test_a_result_before_its_order_is_taken_when_the_test_is_ordered(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database
) -> None:
    send(inbox, replace(POSITIVE, barcode="AB-99"))
    assert outcomes(database) == [Reason.NO_SAMPLE]
    order(lab, "AB-99", "C-99")
    inbox.run()
    assert outcomes(database) == ["taken"]
    assert results(database) == [("AB-99", "final", "positive")]


def test_a_process_that_dies_within_a_message_goes_on_where_it_stopped(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox_module, "CHUNK", 1)
    inbox.receive("http", csv(*(replace(POSITIVE, barcode=each) for each in ("AB-12345", "AB-2", "AB-3"))), Format.CSV)
    decide_item = inbox_module.decide_item
    calls = []

    def die(*arguments: Any) -> None:
        decide_item(*arguments)
        calls.append(1)
        if len(calls) == 2:
            raise SystemExit

    monkeypatch.setattr(inbox_module, "decide_item", die)
    with pytest.raises(SystemExit):
        inbox.run()
    assert len(results(database)) == 1
    inbox.run()
    assert [barcode for barcode, *_ in results(database)] == ["AB-12345", "AB-2", "AB-3"]


@pytest.mark.slow
def test_many_rows_are_read_with_progress_and_a_list_of_refused_ones(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    number_of_rows = rounds(test=400, verify=4000)
    rows = [replace(NEGATIVE, barcode=f"ROW-{number}") for number in range(1, number_of_rows)]
    answer = lab.post("/v1/messages", data=csv(POSITIVE, *rows), headers={**SENDER, "Content-Type": "text/csv"})
    assert answer.status_code == 202
    path = f"/v1/messages/{answer.json['id']}"
    assert lab.get(path, headers=SENDER).json["total"] is None
    execute = Mock(side_effect=database.execute_sql)
    monkeypatch.setattr(database, "execute_sql", execute)
    inbox.run()
    # the first run decides twice on what waits
    assert execute.call_count <= 6 * number_of_rows
    progress = lab.get(path, headers=SENDER).json
    assert progress["is_processed"]
    assert (progress["total"], progress["decided"]) == (number_of_rows, number_of_rows)
    assert progress["outcomes"] == {"taken": 1, "inbox": number_of_rows - 1}
    lines = lab.get(f"{path}/refused.csv", headers=SENDER).text.splitlines()
    assert lines[:2] == [
        f"place,outcome,reason,refused_item,{HEADER}",
        f"line 3,inbox,{Reason.NO_SAMPLE},2,{csv_row(rows[0])}",
    ]
    assert len(lines) == number_of_rows


class TestApi:
    def test_laboratories_may_send_messages_only(self, lab: FlaskClient) -> None:
        assert lab.post("/v1/messages", data=hl7(POSITIVE), headers=SENDER).status_code == 202
        for path in ("/v1/feed", "/v1/stock", "/v1/inbox"):
            assert lab.get(path, headers=SENDER).status_code == 401

    def test_each_laboratory_has_its_key_and_its_messages(
        self, lab: FlaskClient, inbox: Inbox, database: peewee.Database
    ) -> None:
        content = hl7(replace(POSITIVE, barcode="AB-9"))
        first, second = (lab.post("/v1/messages", data=content, headers=each) for each in (SENDER, OTHER_SENDER))
        assert (first.json["id"], second.json["id"]) == (1, 2)
        inbox.run()
        with database.connection_context():
            assert [row.laboratory for row in Transmission.select().order_by(Transmission.id)] == ["north", "south"]
        for headers, statuses in ((SENDER, [200, 404]), (OTHER_SENDER, [404, 200]), (KEY, [200, 200])):
            for end in ("", "/refused.csv"):
                found = [lab.get(f"/v1/messages/{number}{end}", headers=headers).status_code for number in (1, 2)]
                assert found == statuses
        # staff see whose key it was
        [item] = lab.get("/v1/inbox", headers=KEY).json["new"]
        assert {"fact": "Sent with the key of", "value": "north"} in item["facts"]

    @pytest.mark.parametrize("key", ["", "north", "north's ke", "wrong"])
    def test_a_wrong_key_is_refused(self, lab: FlaskClient, key: str) -> None:
        assert lab.post("/v1/messages", data=hl7(POSITIVE), headers={"X-API-Key": key}).status_code == 401

    def test_a_revoked_key_is_refused(self, database: peewee.Database, inbox: Inbox) -> None:
        lab = create_app(database, "key", 100, inbox, {"south": LABORATORY_KEYS["south"]}).test_client()
        answers = [lab.post("/v1/messages", data=hl7(POSITIVE), headers=each) for each in (SENDER, OTHER_SENDER)]
        assert [answer.status_code for answer in answers] == [401, 202]

    def test_the_same_content_is_stored_once(self, lab: FlaskClient) -> None:
        first, second = (lab.post("/v1/messages", data=hl7(POSITIVE), headers=SENDER) for _ in range(2))
        assert (first.status_code, second.status_code) == (202, 200)
        assert (first.json, second.json) == ({"id": 1, "is_new": True}, {"id": 1, "is_new": False})

    @pytest.mark.parametrize(
        ("content", "media_type", "status"),
        [
            (b"", "text/csv", 415),
            (b"hello", "text/plain", 415),
            (b"hello", "application/hl7-v2", 415),
            (b'{"resourceType": "Bundle"}', "application/fhir+json", 202),
            (b'"a text"', "application/json", 202),
            (b"[" * 100_000, "application/json", 202),
            (b"MSH|damaged", "", 202),
            (b"x" * 2_000_001, "text/csv", 413),
        ],
    )
    def test_what_cannot_be_a_message_is_refused(
        self, lab: FlaskClient, inbox: Inbox, content: bytes, media_type: str, status: int
    ) -> None:
        answer = lab.post("/v1/messages", data=content, content_type=media_type, headers=SENDER)
        assert answer.status_code == status
        inbox.run()

    def test_unknown_messages_and_items(self, lab: FlaskClient) -> None:
        for path in ("/v1/messages/9", "/v1/messages/9/refused.csv", "/v1/inbox/9", f"/v1/inbox/{2**63}"):
            assert lab.get(path, headers=KEY).status_code == 404


class TestStaff:
    def waiting(self, lab: FlaskClient) -> list[dict[str, Any]]:
        return lab.get("/v1/inbox", headers=KEY).json["new"]

    def decide(self, lab: FlaskClient, item: int, **body: str) -> Any:
        return post(lab, f"/v1/inbox/{item}/decision", body)

    def test_an_item_says_what_was_understood_and_why_it_was_not_taken(self, lab: FlaskClient, inbox: Inbox) -> None:
        send(inbox, replace(POSITIVE, birth_date="1990-12-07"))
        (item,) = self.waiting(lab)
        assert item["reason"] == Reason.BIRTH_DATE
        facts = {fact["fact"]: fact["value"] for fact in item["facts"]}
        assert facts["Specimen"] == "AB-12345, F-AB-12345"
        assert facts["Patient"] == "Sam Sample"
        assert facts["Date of birth"] == "1990-12-07"
        assert facts["Result"] == "260373001 Detected SCT"

    def test_an_item_is_listed_until_it_has_a_task_and_its_task_until_it_is_closed(
        self, lab: FlaskClient, inbox: Inbox
    ) -> None:
        send(inbox, replace(POSITIVE, barcode="AB-99"))
        (item,) = self.waiting(lab)
        lab.put(f"/v1/inbox/{item['id']}/task", json={"exists": True}, headers=KEY)
        assert lab.get("/v1/inbox", headers=KEY).json == {"new": [], "closed": []}
        self.decide(lab, item["id"], decision="reject", reason="another hospital's")
        assert lab.get("/v1/inbox", headers=KEY).json["closed"] == [{"id": item["id"], "case_reference": None}]
        lab.put(f"/v1/inbox/{item['id']}/task", json={"exists": False}, headers=KEY)
        assert lab.get("/v1/inbox", headers=KEY).json == {"new": [], "closed": []}

    def test_staff_assign_an_item_to_a_sample(self, lab: FlaskClient, inbox: Inbox, database: peewee.Database) -> None:
        send(inbox, replace(POSITIVE, barcode="AB-99"))
        (item,) = self.waiting(lab)
        refused = self.decide(lab, item["id"], decision="assign", sample_barcode="AB-98", result="positive")
        assert (refused.status_code, refused.json["code"]) == (409, "not_possible")
        answer = self.decide(lab, item["id"], decision="assign", sample_barcode="ab-2", result="positive")
        assert answer.json["outcome"] == "assigned"
        assert results(database) == [("AB-2", "final", "positive")]
        again = self.decide(lab, item["id"], decision="assign", sample_barcode="AB-3", result="positive")
        assert again.json["outcome"] == "closed"
        assert len(results(database)) == 1

    def test_a_mapped_code_is_understood_from_then_on(
        self, lab: FlaskClient, inbox: Inbox, database: peewee.Database
    ) -> None:
        send(inbox, *(replace(POSITIVE, test=LOCAL, barcode=each, control_id=each) for each in ("AB-12345", "AB-2")))
        first, second = self.waiting(lab)
        assert first["reason"] == Reason.UNKNOWN_TEST
        assert self.decide(lab, first["id"], decision="map_test", meaning="test").json["outcome"] == "taken"
        assert self.waiting(lab) == []
        send(inbox, replace(POSITIVE, test=LOCAL, barcode="AB-3", control_id="AB-3"))
        assert [barcode for barcode, *_ in results(database)] == ["AB-12345", "AB-2", "AB-3"]
        other_lab = hl7(replace(POSITIVE, test=LOCAL)).replace(b"North Lab", b"South Lab")
        inbox.receive("http", other_lab)
        inbox.run()
        assert outcomes(database)[-1] == Reason.UNKNOWN_TEST
        assert second["id"] != first["id"]

    def test_a_mapped_result_that_is_still_not_clear_stays(self, lab: FlaskClient, inbox: Inbox) -> None:
        send(inbox, replace(POSITIVE, value=("REACT", "", "L"), birth_date="1990-12-07"))
        (item,) = self.waiting(lab)
        assert item["reason"] == Reason.UNKNOWN_RESULT
        answer = self.decide(lab, item["id"], decision="map_result", meaning="positive")
        assert answer.json == {"outcome": "inbox", "reason": Reason.BIRTH_DATE}
        assert self.decide(lab, item["id"], decision="map_result", meaning="test").status_code == 409
        assert CodeMapping.select().count() == 1


@pytest.mark.parametrize("status", ["X", "C"])
def test_a_correction_or_withdrawal_that_waited_does_not_change_a_later_result(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database, status: str
) -> None:
    """A test is cancelled and done again: after a restart, the cancellation must not withdraw the new result."""
    first = replace(POSITIVE, status=status)
    send(inbox, first, replace(NEGATIVE, control_id="MSG-2"))
    assert outcomes(database) == [Reason.NO_RESULT_BEFORE, "taken"]
    restarted = Inbox(database)
    restarted.run()
    assert outcomes(database) == [Reason.OVERTAKEN, "taken"]
    assert results(database) == [("AB-12345", "final", "negative")]


def test_a_damaged_file_that_is_sent_again_whole_closes_its_items(
    lab: FlaskClient, inbox: Inbox, database: peewee.Database
) -> None:
    inbox.receive("http", csv(POSITIVE) + b'AB-2,"94500-6"x,Detected\n', Format.CSV)
    inbox.run()
    inbox.receive("http", csv(POSITIVE), Format.CSV)
    inbox.run()
    assert outcomes(database) == ["known", "taken"]


@pytest.mark.parametrize(("sender", "is_closed"), [(SENDER, True), (OTHER_SENDER, False), (KEY, False)])
def test_a_corrected_row_closes_the_item_that_it_names_of_its_laboratory(
    lab: FlaskClient, inbox: Inbox, sender: dict[str, str], is_closed: bool
) -> None:
    wrong = csv(replace(POSITIVE, birth_date="1950-01-01"))
    lab.post("/v1/messages", data=wrong, headers={**SENDER, "Content-Type": "text/csv"})
    inbox.run()
    refused = lab.get("/v1/messages/1/refused.csv", headers=SENDER).text
    corrected = refused.replace("1950-01-01", "1990-07-21")
    lab.post("/v1/messages", data=corrected, headers={**sender, "Content-Type": "text/csv"})
    inbox.run()
    assert lab.get("/v1/inbox/1", headers=KEY).json["outcome"] == ("known" if is_closed else "inbox")
    assert [item["result"] for item in lab.get("/v1/feed", headers=KEY).json["items"]] == ["positive"]


def test_erasure_and_retention_delete_the_content(lab: FlaskClient, inbox: Inbox, database: peewee.Database) -> None:
    wrong = replace(NEGATIVE, control_id="MSG-2")
    send(inbox, POSITIVE, wrong, replace(POSITIVE, barcode="AB-99", control_id="MSG-3"))
    assert outcomes(database) == ["taken", Reason.NOT_MARKED, Reason.NO_SAMPLE]
    lab.delete("/v1/cases/C-1", headers=KEY)
    with database.connection_context():
        assert [row.content is None for row in Transmission.select().order_by(Transmission.id)] == [True, True, False]
        assert Decided.select().where(Decided.case_reference.is_null(False)).count() == 0
    Inbox(database, kept_for=timedelta()).run()
    with database.connection_context():
        # it still waits for staff
        assert Transmission.select().where(Transmission.content.is_null(False)).count() == 1
    lab.post(
        f"/v1/inbox/{Decided.get(Decided.reason == Reason.NO_SAMPLE).id}/decision",
        json={"decision": "reject", "reason": "not ours"},
        headers={**KEY, "Idempotency-Key": "r"},
    )
    Inbox(database, kept_for=timedelta()).run()
    with database.connection_context():
        assert Transmission.select().where(Transmission.content.is_null(False)).count() == 0


def test_a_message_is_refused_before_it_is_stored(inbox: Inbox, lab: FlaskClient) -> None:
    for content in (b" \n", b"hello", b"x" * 2_000_001):
        with pytest.raises(Refused):
            inbox.receive("mllp", content)
