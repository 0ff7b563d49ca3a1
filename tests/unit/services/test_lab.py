"""The lab: stock of kits, idempotency keys, tests by priority, results in the feed until they are acknowledged."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import peewee
import pytest
from flask.testing import FlaskClient

from services.lab.app import create_app
from services.lab.bench import Bench
from services.lab.models import FeedItem, Order, Plan, Reservation, Stock, Waiting
from tests.support.canaries import is_in_files
from tests.support.databases import open_service

KEY = {"X-API-Key": "key"}


@pytest.fixture
def database(tmp_path: Path) -> peewee.Database:
    return open_service(f"sqlite:///{tmp_path}/lab.db", "lab")


@pytest.fixture
def lab(database: peewee.Database) -> Iterator[FlaskClient]:
    yield create_app(database, "key", initial_kits=2).test_client()
    database.close()


def reserve(lab: FlaskClient, number: int, key: str | None = None) -> Any:
    body = {"case_reference": f"C-{number}", "sample_number": 1, "priority": 40}
    return lab.post("/v1/kits/reservations", json=body, headers={**KEY, "Idempotency-Key": key or f"k{number}"})


def order(lab: FlaskClient, barcode: str, priority: int = 40, key: str | None = None) -> Any:
    body = {
        "case_reference": "C-1",
        "sample_number": 1,
        "sample_barcode": barcode,
        "specimen_type": "saliva",
        "priority": priority,
    }
    return post(lab, "/v1/orders", body, key or barcode)


def release(lab: FlaskClient, case_reference: str, kit_used: bool = False) -> Any:
    return post(lab, f"/v1/cases/{case_reference}/release", {"through_sample": 1, "kit_used": kit_used})


def restock(lab: FlaskClient, kits: int) -> Any:
    return post(lab, "/v1/stock", {"kits": kits})


def stock(lab: FlaskClient) -> dict[str, int]:
    return lab.get("/v1/stock", headers=KEY).json


def feed(lab: FlaskClient) -> list[dict[str, Any]]:
    return lab.get("/v1/feed", headers=KEY).json["items"]


def post(lab: FlaskClient, path: str, body: dict[str, Any], key: str | None = None) -> Any:
    return lab.post(path, json=body, headers={**KEY, "Idempotency-Key": key or uuid.uuid4().hex})


def test_a_kit_is_reserved_while_the_stock_lasts(lab: FlaskClient) -> None:
    assert [reserve(lab, number).status_code for number in (1, 2)] == [201, 201]
    refused = reserve(lab, 3)
    assert (refused.status_code, refused.json["code"]) == (409, "kit_shortage")


def test_a_repeated_idempotency_key_gets_the_first_answer_and_no_second_kit(lab: FlaskClient) -> None:
    first, second = reserve(lab, 1), reserve(lab, 1)
    assert (second.status_code, second.json) == (first.status_code, first.json)
    assert lab.get("/v1/stock", headers=KEY).json == {"kits": 1, "waiting": 0}


def test_an_idempotency_key_with_another_body_is_refused(lab: FlaskClient) -> None:
    reserve(lab, 1, key="k")
    refused = reserve(lab, 2, key="k")
    assert (refused.status_code, refused.json["code"]) == (409, "key_reused")


def test_a_shortage_is_not_stored_for_the_idempotency_key(lab: FlaskClient) -> None:
    reserve(lab, 1)
    reserve(lab, 2)
    assert reserve(lab, 3).status_code == 409
    lab.post("/v1/stock", json={"kits": 1}, headers={**KEY, "Idempotency-Key": "restock"})
    assert reserve(lab, 3).status_code == 201


def test_a_sample_has_one_kit_whatever_the_idempotency_key(lab: FlaskClient) -> None:
    first, second = reserve(lab, 1, key="one"), reserve(lab, 1, key="other")
    assert first.json == second.json
    assert stock(lab) == {"kits": 1, "waiting": 0}


def test_a_case_without_a_kit_waits_and_is_granted_the_next(lab: FlaskClient) -> None:
    for number in (1, 2, 3, 4):
        reserve(lab, number)
    assert stock(lab) == {"kits": 0, "waiting": 2}
    restock(lab, 1)
    assert stock(lab) == {"kits": 0, "waiting": 1}
    assert [(item["kind"], item["case_reference"]) for item in feed(lab)] == [("grant", "C-3")]
    # a repeated reservation returns the granted kit
    assert reserve(lab, 3).status_code == 201
    assert stock(lab) == {"kits": 0, "waiting": 1}


def test_waiting_raises_the_priority_by_1_per_6_hours_up_to_30(lab: FlaskClient) -> None:
    for number in (1, 2):
        reserve(lab, number)
    now, hour = time.time(), 3600
    waited = {"C-new": (40, 0), "C-old": (30, 66), "C-older": (5, 10_000), "C-urgent": (90, 0)}
    for case_reference, (priority, hours) in waited.items():
        Waiting.create(case_reference=case_reference, sample_number=1, priority=priority, since=now - hours * hour)
    restock(lab, 3)
    assert [item["case_reference"] for item in feed(lab)] == ["C-urgent", "C-old", "C-new"]


def test_an_unused_kit_is_granted_to_a_waiting_case(lab: FlaskClient) -> None:
    for number in (1, 2, 3):
        reserve(lab, number)
    release(lab, "C-1")
    assert stock(lab) == {"kits": 0, "waiting": 0}
    assert [item["case_reference"] for item in feed(lab)] == ["C-3"]


@pytest.mark.parametrize("kit_used", [True, False])
def test_only_an_unused_kit_is_returned_to_the_stock(lab: FlaskClient, kit_used: bool) -> None:
    reserve(lab, 1)
    for _ in range(2):
        release(lab, "C-1", kit_used)
    assert stock(lab)["kits"] == (1 if kit_used else 2)


def test_late_requests_of_a_released_case_are_refused(lab: FlaskClient) -> None:
    release(lab, "C-1")
    for late in (reserve(lab, 1), order(lab, "A-1")):
        assert (late.status_code, late.json["code"]) == (409, "case_released")
    assert stock(lab) == {"kits": 2, "waiting": 0}


def test_the_next_sample_of_a_released_case_gets_a_kit(lab: FlaskClient) -> None:
    release(lab, "C-1")
    body = {"case_reference": "C-1", "sample_number": 2, "priority": 40}
    assert post(lab, "/v1/kits/reservations", body).status_code == 201


def test_a_released_order_is_cancelled_and_gives_no_result(lab: FlaskClient, database: peewee.Database) -> None:
    order(lab, "A-1")
    release(lab, "C-1", kit_used=True)
    finish_all(database)
    assert feed(lab) == []


def test_an_inquiry_raises_the_priority_of_an_order_once(lab: FlaskClient) -> None:
    order_id = order(lab, "A-1").json["order_id"]
    for _ in range(2):
        answer = post(lab, f"/v1/orders/{order_id}/inquiry", {}, key="chase")
        assert answer.json == {"state": "ordered"}
    assert Order.get().priority == 140
    assert post(lab, "/v1/orders/99/inquiry", {}).status_code == 404


def test_the_priority_of_a_case_applies_to_its_waiting_kit_and_its_order(lab: FlaskClient) -> None:
    order(lab, "A-1")
    for number in (8, 9, 1):
        reserve(lab, number)
    assert lab.put("/v1/cases/C-1/priority", json={"priority": 90}, headers=KEY).status_code == 200
    assert (Order.get().priority, Waiting.get().priority) == (90, 90)


@pytest.mark.parametrize(
    ("result", "status", "shown"),
    [("positive", "corrected", "positive"), ("entered_in_error", "entered-in-error", None)],
)
def test_a_correction_is_a_new_item_of_the_feed(
    lab: FlaskClient, database: peewee.Database, result: str, status: str, shown: str | None
) -> None:
    order(lab, "A-1")
    # refused before the result, which would replace the correction later
    assert post(lab, "/v1/simulation/corrections/A-1", {"result": result}).status_code == 404
    finish_all(database)
    assert post(lab, "/v1/simulation/corrections/A-1", {"result": result}).status_code == 201
    assert [(item["status"], item["result"]) for item in feed(lab)][1:] == [(status, shown)]
    assert post(lab, "/v1/simulation/corrections/A-9", {"result": result}).status_code == 404


def test_a_sample_may_never_be_tested(lab: FlaskClient, database: peewee.Database) -> None:
    lab.put("/v1/simulation/results/A-1", json={"result": "never"}, headers=KEY)
    order(lab, "A-1")
    finish_all(database)
    assert feed(lab) == []


def test_concurrent_reservations_get_no_more_kits_than_the_stock(lab: FlaskClient) -> None:
    app = lab.application
    start = threading.Barrier(8, timeout=60)

    def race(number: int) -> int:
        start.wait()
        return reserve(app.test_client(), number).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = sorted(pool.map(race, range(8)))
    assert answers == [201] * 2 + [409] * 6


def test_concurrent_requests_with_one_idempotency_key_have_one_effect(lab: FlaskClient) -> None:
    app = lab.application
    start = threading.Barrier(8, timeout=60)

    def race(_: int) -> str:
        start.wait()
        return reserve(app.test_client(), 1).json["reservation_id"]

    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(race, range(8)))) == 1
    assert lab.get("/v1/stock", headers=KEY).json == {"kits": 1, "waiting": 0}


def test_a_barcode_is_tested_once(lab: FlaskClient) -> None:
    assert order(lab, "A-1").status_code == 201
    refused = order(lab, "A-1", key="other")
    assert (refused.status_code, refused.json["code"]) == (409, "barcode_known")


def test_a_result_stays_in_the_feed_until_it_is_acknowledged(lab: FlaskClient, database: peewee.Database) -> None:
    lab.put("/v1/simulation/results/A-1", json={"result": "positive"}, headers=KEY)
    order(lab, "A-1")
    finish_all(database)
    item = {
        "id": 1,
        "kind": "result",
        "case_reference": "C-1",
        "sample_number": 1,
        "sample_barcode": "A-1",
        "status": "final",
        "result": "positive",
    }
    assert lab.get("/v1/feed", headers=KEY).json == {"items": [item], "next": 1}
    assert lab.get("/v1/feed?after=1", headers=KEY).json == {"items": [], "next": 1}
    assert lab.post("/v1/feed/1/acknowledgement", json={}, headers=KEY).status_code == 200
    assert lab.get("/v1/feed", headers=KEY).json == {"items": [], "next": 0}


def test_the_bench_starts_urgent_samples_first_up_to_its_capacity(lab: FlaskClient, database: peewee.Database) -> None:
    for barcode, priority in (("A-1", 20), ("A-2", 90), ("A-3", 40), ("A-4", 90)):
        order(lab, barcode, priority)
    bench = Bench(database, capacity=2, turnaround_s=(60, 60), positive_share=0)
    bench.process_orders()
    running = Order.select().where(Order.state == "running").order_by(Order.id)
    assert [each.sample_barcode for each in running] == ["A-2", "A-4"]
    bench.process_orders()
    assert Order.select().where(Order.state == "running").count() == 2


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_result_without_a_plan_is_random(lab: FlaskClient, database: peewee.Database, share: float) -> None:
    order(lab, "A-1")
    finish_all(database, share)
    assert FeedItem.get().result == ("positive" if share else "negative")


def test_the_stock_is_filled_at_the_first_start_only(lab: FlaskClient, database: peewee.Database) -> None:
    reserve(lab, 1)
    create_app(database, "key", initial_kits=2)
    assert Stock.get().kits == 1


@pytest.mark.parametrize(
    "body",
    [
        None, [], "x", {}, {"case_reference": 1, "sample_number": 1, "priority": 1},
        {"case_reference": "C", "sample_number": True, "priority": 1},
        {"case_reference": "C", "sample_number": 10**30, "priority": 1},
        {"case_reference": "C\x00", "sample_number": 1, "priority": 1},
        {"case_reference": "C" * 2000, "sample_number": 1, "priority": 1},
        {"case_reference": "C", "sample_number": 1, "priority": 1, "more": 1},
    ],
)  # fmt: skip
def test_a_malformed_body_is_refused_with_a_message(lab: FlaskClient, body: Any) -> None:
    refused = lab.post("/v1/kits/reservations", json=body, headers={**KEY, "Idempotency-Key": "k"})
    assert (refused.status_code, refused.json["code"]) == (400, "malformed")
    assert refused.json["message"]


@pytest.mark.parametrize("after", ["x", "-1", "٣", "9" * 40])
def test_a_malformed_cursor_is_refused(lab: FlaskClient, after: str) -> None:
    assert lab.get("/v1/feed", query_string={"after": after}, headers=KEY).status_code == 400


@pytest.mark.parametrize(
    "body", ['"{\\"kits\\": 3}"', "[]", "null", "3", "", '{"kits": "3"}', '{"kits": true}', "[" * 100_000]
)
def test_a_body_of_another_type_is_refused(lab: FlaskClient, body: str) -> None:
    headers = {**KEY, "Idempotency-Key": "k", "Content-Type": "application/json"}
    answer = lab.post("/v1/stock", data=body, headers=headers)
    assert (answer.status_code, answer.json["code"]) == (400, "malformed")
    assert stock(lab)["kits"] == 2


def test_an_integer_may_be_written_as_a_float(lab: FlaskClient) -> None:
    assert restock(lab, 3.0).json == {"kits": 5}


def test_a_refusal_names_the_field_and_not_its_value(lab: FlaskClient) -> None:
    answer = post(lab, "/v1/kits/reservations", {"case_reference": "C-1", "sample_number": "Ada", "priority": 1})
    assert answer.json["message"].startswith("sample_number: ")
    assert "Ada" not in answer.text


def test_a_request_without_an_idempotency_key_is_refused(lab: FlaskClient) -> None:
    body = {"case_reference": "C-1", "sample_number": 1, "priority": 1}
    assert lab.post("/v1/kits/reservations", json=body, headers=KEY).json["code"] == "no_key"


def finish_all(database: peewee.Database, positive_share: float = 0.5) -> None:
    bench = Bench(database, capacity=10, turnaround_s=(0, 0), positive_share=positive_share)
    bench.process_orders()
    bench.process_orders()


def test_an_erased_case_is_deleted_and_late_requests_are_refused(lab: FlaskClient, database: peewee.Database) -> None:
    reserve(lab, 1)
    lab.put("/v1/simulation/results/A-1", json={"result": "positive"}, headers=KEY)
    order(lab, "A-1")
    FeedItem.create(kind="result", case_reference="C-1", sample_number=1, sample_barcode="A-1")
    reserve(lab, 2)
    assert [lab.delete("/v1/cases/C-1", headers=KEY).status_code for _ in range(2)] == [200, 200]
    with database.connection_context():
        assert [Order.select().count(), FeedItem.select().count(), Plan.select().count()] == [0, 0, 0]
        assert [row.case_reference for row in Reservation.select()] == ["C-2"]
    assert order(lab, "A-1", key="late").json["code"] == "case_released"
    # a late release doesn't restore it, either
    release(lab, "C-1")
    assert order(lab, "A-1", key="later").json["code"] == "case_released"
    assert post(lab, "/v1/simulation/corrections/A-1", {"result": "negative"}).status_code == 404


def test_an_erased_case_is_in_no_database_file(lab: FlaskClient, tmp_path: Path) -> None:
    other = open_service(f"sqlite:///{tmp_path}/lab.db", "lab")
    # SQLite's journal exists as long as a connection is open
    other.connect()
    assert other.get_tables()
    order(lab, "B-of-a-sample", key="C-1/order")
    assert is_in_files("B-of-a-sample", tmp_path)
    lab.delete("/v1/cases/C-1", headers=KEY)
    assert not is_in_files("B-of-a-sample", tmp_path)
    other.close()


@pytest.mark.parametrize("state", ["ordered", "running"])
def test_concurrent_changes_of_an_order_are_not_overwritten_by_the_bench(
    lab: FlaskClient, database: peewee.Database, state: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the bench's reading and writing, one order is cancelled and the priority of another is raised."""
    order(lab, "A-1")
    order(lab, "A-2")
    bench = Bench(database, capacity=2, turnaround_s=(0, 0), positive_share=0)
    if state == "running":
        bench.process_orders()

    def change_orders(*_: Any) -> None:
        Order.update(state="cancelled").where(Order.sample_barcode == "A-1").execute()
        Order.update(priority=140).where(Order.sample_barcode == "A-2").execute()

    monkeypatch.setattr(Plan, "get_or_none", change_orders)
    monkeypatch.setattr(bench, "_random_result", lambda: change_orders() or "negative")
    if state == "running":
        Order.update(state="cancelled").where(Order.sample_barcode == "A-1").execute()
    orders = list(Order.select().order_by(Order.id))
    for each in orders:
        each.state = state
        bench._start(each, 0.0) if state == "ordered" else bench._finish(each)
    cancelled, raised = Order.select().order_by(Order.id)
    assert (cancelled.state, raised.priority) == ("cancelled", 140)
    assert raised.state == ("running" if state == "ordered" else "finished")
    assert [item.sample_barcode for item in FeedItem.select()] == ([] if state == "ordered" else ["A-2"])


def test_a_priority_is_never_lowered(lab: FlaskClient) -> None:
    order(lab, "A-1", 40)
    post(lab, "/v1/orders/1/inquiry", {})
    for priority, afterwards in ((90, 140), (200, 200), (10, 200)):
        case = Order.get().case_reference
        assert lab.put(f"/v1/cases/{case}/priority", json={"priority": priority}, headers=KEY).status_code == 200
        assert Order.get().priority == afterwards
