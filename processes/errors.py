"""BPMN errors, as exceptions: deviations from the protocol that a diagram handles by an error event.

Any other exception of a handler is a failure: retried, then an incident.
"""

from camunda7.worker import BpmnError


class BarcodeKnown(BpmnError):
    """The lab has another sample with this barcode."""

    code = "barcode_known"


class KitShortage(BpmnError):
    """The lab has no test kit left."""

    code = "kit_shortage"
