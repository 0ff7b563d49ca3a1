"""BPMN error codes, as exceptions: deviations from protocol that a diagram knows how to go on from.

Anything else that goes wrong in a handler is a failure: retried, then an incident.
"""

from camunda7.worker import BpmnError


class KitShortage(BpmnError):
    """The lab has no test kit left."""

    code = "kit_shortage"
