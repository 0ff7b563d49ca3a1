"""Errors of the delivery of a message to a person, common to all channels."""

from __future__ import annotations

from camunda7.outages import CredentialsRefused, SafeToLog


class ChannelUnavailable(SafeToLog):
    """The channel's server can't be reached, or refuses our account: no message can be delivered now."""


class SignInRefused(ChannelUnavailable, CredentialsRefused):
    """The server refuses our account or its password."""


class Deferred(SafeToLog):
    """The server refuses this message temporarily.

    Attributes:
        is_closing: the server has closed the connection, so other messages shouldn't be sent at once.
    """

    def __init__(self, reason: str, is_closing: bool = False):
        super().__init__(reason)
        self.is_closing = is_closing


class Undeliverable(SafeToLog):
    """The server refuses this message permanently."""
