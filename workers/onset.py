"""First day of illness, from which infectious days and isolation are counted."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from camunda7.inputs.days import today
from camunda7.inputs.place import Place

# an earlier onset is a typing error in the year; forms have a limit now, but older cases may have such a date
MAX_AGE = timedelta(days=366)


def first_day_of_illness(onset_date: str | None, sample_taken_at: datetime, place: Place) -> date:
    """Return the onset of symptoms; the day of the sample if there is none, or it is implausible."""
    sampled = sample_taken_at.astimezone(place.zone).date()
    onset = date.fromisoformat(onset_date) if onset_date else sampled
    return onset if sampled - MAX_AGE <= onset <= today(place.zone) else sampled
