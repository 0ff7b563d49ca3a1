"""Client of the laboratory, whose HTTP API services/lab/schemas.py describes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hosting.clients.service import Service, Unavailable

# of a file with thousands of results
UPLOAD_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Stock:
    """Number of kits in stock, and of samples that wait for one."""

    kits: int
    waiting: int


@dataclass(frozen=True)
class Upload:
    """A stored message.

    Attributes:
        is_new: its content wasn't stored before.
    """

    id: int
    is_new: bool


class Lab(Service):
    """Each method raises ServiceError; `key` is an idempotency key."""

    name = "lab"
    check_path = "/v1/stock"

    def stock(self) -> Stock:
        content = self.get("/v1/stock")
        try:
            return Stock(**content)
        except TypeError:
            raise Unavailable("lab: another server answered in its place") from None

    def reserve_kit(self, case_reference: str, sample_number: int, priority: int, key: str) -> None:
        """Reserve a kit for a sample; raises Refused with the code kit_shortage if none is left."""
        body = {"case_reference": case_reference, "sample_number": sample_number, "priority": priority}
        self.post("/v1/kits/reservations", body, key)

    def release_case(self, case_reference: str, through_sample: int, kit_used: bool, key: str) -> None:
        """Return the kit and cancel the order of a case's samples up to this one."""
        body = {"through_sample": through_sample, "kit_used": kit_used}
        self.post(f"/v1/cases/{case_reference}/release", body, key)

    def set_priority(self, case_reference: str, priority: int) -> None:
        self.put(f"/v1/cases/{case_reference}/priority", {"priority": priority})

    def delete_case(self, case_reference: str) -> None:
        self.delete(f"/v1/cases/{case_reference}")

    def order_test(self, order: dict[str, Any], key: str) -> str:
        """Order a test; returns the order's id."""
        return self.post("/v1/orders", order, key)["order_id"]

    def inquire(self, order_id: str, key: str) -> None:
        """Ask for a late result; the lab then does this test before the others."""
        self.post(f"/v1/orders/{order_id}/inquiry", {}, key)

    def feed(self, after: int) -> dict[str, Any]:
        """Return a page of the unacknowledged items: `items`, and the cursor `next` of the following page."""
        return self.get("/v1/feed", after=after)

    def acknowledge(self, item_id: int) -> None:
        self.post(f"/v1/feed/{item_id}/acknowledgement", {})

    def send_csv(self, content: bytes) -> Upload:
        """Send a CSV file with results; raises Refused if it is too large or empty."""
        headers = {"Content-Type": "text/csv"}
        answer = self._call("POST", "/v1/messages", data=content, headers=headers, timeout=UPLOAD_TIMEOUT_S)
        return Upload(answer["id"], answer["is_new"])

    def message(self, message_id: int) -> dict[str, Any]:
        """Return what became of a message's results; raises Refused if it is unknown."""
        return self.get(f"/v1/messages/{message_id}")

    def refused_rows(self, message_id: int) -> str:
        """Return a CSV file with the rows of a message that weren't taken, and why."""
        return self._request("GET", f"/v1/messages/{message_id}/refused.csv", timeout=UPLOAD_TIMEOUT_S).text

    def inbox(self) -> dict[str, Any]:
        """Return the items of the inbox without a task, `new`, and those with a task that left it, `closed`."""
        return self.get("/v1/inbox")

    def inbox_item(self, item_id: int) -> dict[str, Any]:
        return self.get(f"/v1/inbox/{item_id}")

    def set_inbox_task(self, item_id: int, exists: bool) -> None:
        """Set whether staff have a task for an item."""
        self.put(f"/v1/inbox/{item_id}/task", {"exists": exists})

    def decide_inbox_item(self, item_id: int, decision: dict[str, Any], key: str) -> None:
        """Tell what staff decided; raises Refused with the code not_possible if that isn't possible."""
        self.post(f"/v1/inbox/{item_id}/decision", decision, key)
