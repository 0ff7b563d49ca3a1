"""BPMN error codes, as exceptions: deviations from protocol that a diagram knows how to go on from.

Anything else that goes wrong in a handler is a failure: retried, then an incident.
"""


class ProtocolDeviation(Exception):
    """Raised by a handler; the runtime reports it to the engine as a BPMN error."""

    code: str


class KitShortage(ProtocolDeviation):
    """The lab has no test kit left."""

    code = "kit_shortage"
