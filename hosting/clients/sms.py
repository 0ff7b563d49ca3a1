"""Client of the SMS gateway, whose HTTP API services/sms/schemas.py describes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from hosting.clients import delivery, service
from hosting.clients.service import Service


class SmsGateway(Service):
    """Sends a message once per key, and deletes it by its key.

    Both methods raise ChannelUnavailable, Deferred or Undeliverable.
    """

    name = "sms"
    check_path = "/v1/messages"

    def send(self, number: str, text: str, key: str) -> None:
        with _delivery_errors():
            self.post("/v1/messages", {"to": number, "text": text}, key)

    def delete_message(self, key: str) -> None:
        with _delivery_errors():
            self.delete("/v1/messages", key=key)


@contextmanager
def _delivery_errors() -> Iterator[None]:
    try:
        yield
    except service.SignInRefused as error:
        raise delivery.SignInRefused(str(error)) from None
    except service.Unavailable as error:
        raise delivery.ChannelUnavailable(str(error)) from None
    except service.Faulty as error:
        raise delivery.Deferred(str(error)) from None
    except service.Refused as error:
        raise delivery.Undeliverable(str(error)) from None
