"""Incidents in a manager's words: what happened, what to do next, and what a retry does."""

from __future__ import annotations

import re
from dataclasses import dataclass

from processes.incidents import Incident

# messages of hosting/clients/service.py, after the name of the error's class
REFUSED = re.compile(r"Refused: (\w+) answered \d+ ?(\w*)$")
FAULTY = re.compile(r"Faulty: (\w+):")
SERVICES = {"lab": "the laboratory", "government": "the health authority", "sms": "the SMS gateway"}
# error codes of the services
REASONS = {
    "barcode_known": "a test with this barcode was ordered already",
    "case_released": "the laboratory has closed the order of this sample, and doesn't expect it any more",
    "erased": "the case was erased",
    "malformed": "a value is missing or can't be read",
    "not_found": "it doesn't know this case, order or contact",
}
NO_REASON = "it gave no reason that we know"
REPEATS = "Retrying sends the same request, which is refused again until its cause is corrected."
ASK_DEVELOPERS = "Ask the developers"


@dataclass(frozen=True)
class Explanation:
    """An incident in a manager's words.

    Attributes:
        happened, next_step, retrying: one sentence or more.
        helps: whether retrying may help before anything else is done.
    """

    happened: str
    next_step: str
    retrying: str
    helps: bool = False


def explain(incident: Incident) -> Explanation:
    """Explain an incident by its kind and message."""
    message = incident.message or ""
    if refused := REFUSED.match(message):
        return _explain_refusal(*refused.groups())
    if faulty := FAULTY.match(message):
        service = _name(faulty[1])
        return Explanation(
            f"{_capitalize(service)} failed with an error of its own.",
            f"Ask {service}. Retry when its error is corrected.",
            "Retrying works as soon as the error is corrected.",
        )
    if incident.topic is None:
        return Explanation(
            "The engine couldn't do this step. Cockpit has its message, which may contain a patient's data.",
            f"{ASK_DEVELOPERS}. Retry when the cause is corrected.",
            "Retrying works after the cause is corrected, such as a decision or a diagram with an error.",
        )
    return Explanation(
        "Our software failed at this step several times.",
        f"Retry once. If it fails again, {ASK_DEVELOPERS.lower()}: the workers' log has the details.",
        "Retrying works if the failure was a passing one, or after the software is corrected.",
        helps=True,
    )


def _explain_refusal(service: str, code: str) -> Explanation:
    name = _name(service)
    reason = REASONS.get(code, NO_REASON)
    return Explanation(
        f"{_capitalize(name)} refused our request: {reason}.",
        f"Don't retry yet. First ask {name}, then an administrator, who can correct the case's data in Cockpit.",
        REPEATS,
    )


def _name(service: str) -> str:
    return SERVICES.get(service, f"the service {service}")


def _capitalize(text: str) -> str:
    return text[0].upper() + text[1:]
