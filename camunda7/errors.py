"""Errors of calls to other systems, by what they mean to the caller."""

from __future__ import annotations


class Unavailable(Exception):
    """The server that the handler calls is unavailable: a failure that isn't counted as an attempt.

    The task is retried within seconds. The message is shown, as a Refusal's is.
    """


class Faulty(Exception):
    """The server that the handler calls sent a wrong response: retried as any failure; the message is shown."""


class Refusal(Exception):
    """The server that the handler calls refused permanently: an incident is raised without a retry.

    The message is shown to process managers: it must not contain patients' data.
    """
