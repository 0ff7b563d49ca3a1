"""The confirmation after a patient has submitted a form: the case's page shows it once."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from flask import session
from flask_babel import gettext as _
from flask_babel import lazy_gettext

from processes.cases import Case
from webapp.status import EMERGENCY

KEY = "sent"
# a case that is still at the same step after this time waits for a service that is down
MAX_AGE_S = 60
WITHDRAWAL = "withdrawal"
RECEIVED = {
    "pre_screening": lazy_gettext("We've received your answers."),
    "daily_report": lazy_gettext("Thank you. We've received today's report."),
    "evaluation_request": lazy_gettext("We've received your answer."),
    "medical_form": lazy_gettext("We've received your medical form."),
    "close_contacts": lazy_gettext("We've received your answers about your close contacts."),
    "review": lazy_gettext("Thank you. We've received your feedback."),
    WITHDRAWAL: lazy_gettext("We've cancelled your request."),
}


@dataclass(frozen=True)
class SentForm:
    """The last form that was submitted in this session.

    Attributes:
        form: name of the form, or WITHDRAWAL.
        orientation: the case's orientation when the form "I feel worse" was opened.
        at: seconds since the epoch.
    """

    form: str
    orientation: str | None
    at: float


def record(form: str, orientation: str | None = None) -> None:
    session[KEY] = asdict(SentForm(form, orientation, time.time()))


def find_pending() -> SentForm | None:
    """Return the submitted form that hasn't been confirmed to the patient yet."""
    sent = SentForm(**session[KEY]) if KEY in session else None
    return sent if sent and time.time() - sent.at < MAX_AGE_S else None


def clear() -> None:
    session.pop(KEY, None)


def describe(sent: SentForm, case: Case) -> str:
    """Return the confirmation; of the form "I feel worse" with the result of the assessment."""
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


def _is_worse(sent: SentForm, case: Case) -> bool:
    now, before = case.values.get("orientation_now"), sent.orientation
    # the policy doesn't rank emergencies, which have their own page and call
    severity = case.values["policy"]["severity"]
    return now == EMERGENCY or severity.get(now, -1) > severity.get(before, -1)
