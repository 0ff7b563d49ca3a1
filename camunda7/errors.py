"""What a failed call to another system means to its caller."""

from __future__ import annotations


class Unavailable(Exception):
    """What the handler calls can't be reached or can't answer now: a failure that uses up no attempt.

    The task is tried again within seconds. The message is shown, as a Refusal's is.
    """


class Faulty(Exception):
    """What the handler calls answered wrongly: tried again as any failure. Its message is shown, as a Refusal's is."""


class Refusal(Exception):
    """What the handler calls refused for good: trying again can't help, so an incident is raised at once.

    Its message is shown to process managers: it must not hold a patient's data.
    """
