"""Client of the government, whose HTTP API services/government/schemas.py describes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from hosting.clients.service import Faulty, Refused, Service, Unavailable

# error code of an address that is refused temporarily
DEFERRED = "recipient_deferred"


@dataclass(frozen=True)
class Exposure:
    """Latest day of a contact's exposure; None if every exposure was withdrawn."""

    last_day: date | None


class Government(Service):
    """Each method raises ServiceError; `key` is an idempotency key.

    Methods with `is_last_attempt` send messages to contacts. They raise Faulty while an address is refused temporarily;
    at the last attempt the government treats such an address as unreachable.
    """

    name = "government"
    check_path = "/v1/tokens/none"

    def register_case(self, case: dict[str, Any], key: str) -> None:
        self.post("/v1/cases", case, key)

    def correct_result(self, case_reference: str, result: str, is_last_attempt: bool) -> bool:
        """Correct the result of a case; returns whether the case is registered."""
        answer = self._post_sending(f"/v1/cases/{case_reference}/result", {"result": result}, is_last_attempt)
        return answer.get("registered") is True

    def delete_case(self, case_reference: str) -> bool:
        """Delete a case; returns whether the government must keep some of its data by law."""
        return self.delete(f"/v1/cases/{case_reference}")["kept"]

    def submit_contacts(self, case_reference: str, contacts: list[dict[str, Any]], key: str) -> list[str]:
        """Submit the contacts of a case; returns their ids."""
        return self.post(f"/v1/cases/{case_reference}/contacts", {"contacts": contacts}, key)["contact_ids"]

    def notify_contact(self, contact_id: str, is_last_attempt: bool) -> dict[str, Any]:
        """Notify a contact; returns `outcome` (notified or unreachable), `name`, `phone` and `language`.

        A government may add `last_exposure_date`, the day of this person's latest exposure.
        """
        return self._post_sending(f"/v1/contacts/{contact_id}/notification", {}, is_last_attempt)

    def record_call(self, contact_id: str, call: dict[str, Any], is_last_attempt: bool) -> str:
        """Record a call to a contact; returns the outcome."""
        return self._post_sending(f"/v1/contacts/{contact_id}/call", call, is_last_attempt)["outcome"]

    def exposure(self, token: str) -> Exposure | None:
        """Return the exposure of the contact with this token; None for an unknown token."""
        try:
            day = self.get(f"/v1/tokens/{quote(token, safe='')}")["last_exposure_date"]
            return Exposure(date.fromisoformat(day) if day else None)
        except Refused as error:
            if error.status != HTTPStatus.NOT_FOUND:
                raise
            return None
        except (ValueError, KeyError, TypeError):
            raise Unavailable("government: another server answered in its place") from None

    def _post_sending(self, path: str, body: dict[str, Any], is_last_attempt: bool) -> dict[str, Any]:
        try:
            return self.post(f"{path}?last_attempt=true" if is_last_attempt else path, body)
        except Unavailable as error:
            if error.code != DEFERRED:
                raise
            raise Faulty("an address is refused temporarily") from None
