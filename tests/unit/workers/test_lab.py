"""Orders of tests: which refusals of the laboratory the diagram handles."""

from __future__ import annotations

import json

import pytest

from hosting.clients.lab import Lab
from hosting.clients.service import Refused
from processes.errors import BarcodeKnown
from tests.support.http_server import Reply, http_server
from workers.lab import order_test


def order(code: str) -> None:
    reply = Reply(409, json.dumps({"code": code, "message": "no"}).encode())
    with http_server(lambda call: reply) as url:
        order_test("C-1", 1, "AB-1", "saliva", "1990-05-10", 40, "C-1/order_test/1", lab=Lab(url, "key"))


def test_a_barcode_that_the_laboratory_knows_is_an_error_of_the_process() -> None:
    with pytest.raises(BarcodeKnown):
        order("barcode_known")


@pytest.mark.parametrize("code", ["case_released", "key_reused", ""])
def test_another_refusal_is_an_incident(code: str) -> None:
    with pytest.raises(Refused):
        order(code)
