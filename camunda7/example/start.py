"""Deploys invoice.bpmn, starts three invoices, and prints how each ended: `python start.py`."""

import sys
import time
import uuid
from pathlib import Path

from camunda7.engine import Engine

DIAGRAM = Path(__file__).with_name("invoice.bpmn")
CARDS = ("4111", "5500", "0000")


def main(url: str = "http://localhost:8080", username: str = "", password: str = "") -> None:
    engine = Engine(url, username, password)
    engine.upload("/deployment/create", {"deployment-name": "invoice"}, {DIAGRAM.name: DIAGRAM.read_bytes()})
    for number, card in enumerate(CARDS, 1):
        invoice = f"invoice {number} {uuid.uuid4()}"
        engine.start("invoice", invoice, {"amount": 9.5 * number, "card": card}, key=invoice)
        print(f"invoice {number}: {wait_for_end(engine, invoice)}")


def wait_for_end(engine: Engine, invoice: str) -> str:
    [instance] = engine.post("/history/process-instance", {"processInstanceBusinessKey": invoice})
    query = {"processInstanceId": instance["id"], "activityType": "noneEndEvent"}
    while not (ended := engine.post("/history/activity-instance", query)):
        time.sleep(0.2)
    return str(ended[0]["activityName"])


if __name__ == "__main__":
    main(*sys.argv[1:])
