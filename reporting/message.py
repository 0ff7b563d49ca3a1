"""A message in its format, and the errors of its transport."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from camunda7 import errors
from hosting.clients.service import ServiceError


class Refused(ServiceError, errors.Refusal):
    """The receiver refused a message for good; the text has codes and places only, no patient's data."""


@dataclass(frozen=True)
class Message:
    """A message.

    Attributes:
        control_id: the same for each repetition.
        suffix: of a file with it, with the dot.
    """

    control_id: str
    content: bytes
    content_type: str
    suffix: str


class Transport(Protocol):
    def send(self, message: Message) -> None:
        """Send a message; returns when the receiver has it.

        Raises:
            ServiceError: the receiver refused it or can't be reached.
        """
