"""The day from which a case counts as ill: what infectious days and isolation are counted from."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from camunda7.inputs.days import today
from camunda7.inputs.place import Place

# older onsets were typed before the forms had limits: a slip of the year, and no day to count from
OLDEST = timedelta(days=366)


def first_day(onset_date: str | None, sample_taken_at: datetime, place: Place) -> date:
    """The onset of symptoms; the day of the sample where there is none, or an implausible one."""
    sampled = sample_taken_at.astimezone(place.zone).date()
    onset = date.fromisoformat(onset_date) if onset_date else sampled
    return onset if sampled - OLDEST <= onset <= today(place.zone) else sampled
