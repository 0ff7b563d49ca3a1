"""The confirmation after a patient sent something: the case's page shows it once, above what happens next and when."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from flask import session
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from processes.cases import Case
from webapp.status import EMERGENCY

KEY = "sent"
# a case that has not moved on by then is waiting for a part of the platform that is down
MAX_AGE_S = 60
WITHDRAWAL = "withdrawal"
RECEIVED = {
    "pre_screening": lazy_gettext("We've received your answers."),
    "evaluation_request": lazy_gettext("We've received your answer."),
    "medical_form": lazy_gettext("We've received your medical form."),
    "close_contacts": lazy_gettext("We've received your answers about your close contacts."),
    "review": lazy_gettext("Thank you. We've received your feedback."),
    WITHDRAWAL: lazy_gettext("We've cancelled your request."),
}


@dataclass(frozen=True)
class Sent:
    """What the patient sent last in this session.

    Attributes:
        form: its name, or WITHDRAWAL.
        orientation: of the case when "I feel worse" was started.
        at: seconds since the epoch.
    """

    form: str
    orientation: str | None
    at: float


def remember(form: str, orientation: str | None = None) -> None:
    session[KEY] = asdict(Sent(form, orientation, time.time()))


def pending() -> Sent | None:
    """What was sent and has not been confirmed yet."""
    sent = Sent(**session[KEY]) if KEY in session else None
    return sent if sent and time.time() - sent.at < MAX_AGE_S else None


def close() -> None:
    session.pop(KEY, None)


def text_of(sent: Sent, case: Case) -> str:
    """That we have received it; of "I feel worse" also what the assessment said."""
    if sent.form in RECEIVED:
        return str(RECEIVED[sent.form])
    if case.values.get("orientation_now") is None:
        # the assessment failed
        return str(RECEIVED["pre_screening"])
    if _is_worse(sent, case):
        return _(
            "We've received your answers. Your symptoms are worse than before. "
            "If you're waiting for a visit, a result or a report, you now have priority."
        )
    return _(
        "We've received your answers. Your symptoms aren't worse than before, so your care will continue as planned. "
        "Tell us straight away if anything changes."
    )


def _is_worse(sent: Sent, case: Case) -> bool:
    now, before = case.values.get("orientation_now"), sent.orientation
    # the policy ranks what the pathway goes on with; an emergency has a page and a call of its own
    severity = case.values["policy"]["severity"]
    return now == EMERGENCY or severity.get(now, -1) > severity.get(before, -1)
