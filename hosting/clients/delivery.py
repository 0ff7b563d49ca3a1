"""What it means that a message to a person couldn't be delivered, by whichever channel."""

from __future__ import annotations

from camunda7.outages import CredentialsRefused, SafeToLog


class NotNow(SafeToLog):
    """The carrier can't be reached, or refuses our sign-in; this holds for all of its messages."""


class SignInRefused(NotNow, CredentialsRefused):
    """The carrier refuses our account or its password."""


class Deferred(SafeToLog):
    """The carrier refuses this message for now.

    Attributes:
        is_closing: it has ended the connection, and should get no other message at once.
    """

    def __init__(self, reason: str, is_closing: bool = False):
        super().__init__(reason)
        self.is_closing = is_closing


class Undeliverable(SafeToLog):
    """The carrier refuses this message for good."""
