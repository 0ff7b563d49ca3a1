import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from camunda7.inputs.days import today
from camunda7.inputs.place import DEFAULT_PLACE, Place
from camunda7.worker import Context, Faulty
from hosting.clients.government import Government
from hosting.clients.service import Unavailable
from workers.government import SEND_RETRY, check_contacts, infectious_from, notify_contact

ZONES = ["Etc/GMT+12", "America/Los_Angeles", "America/St_Johns", "Asia/Kolkata", "Pacific/Kiritimati"]
POLICY = {"infectious_days_before_onset": 2}
NOW = datetime.now(UTC)


@pytest.fixture(params=ZONES)
def _zone_of_the_worker(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


def reasons(day: str | None, place: Place = DEFAULT_PLACE, onset: str | None = None, **fields: Any) -> list[str] | None:
    contact = {"name": "Kim", "email": "kim@contacts.example", "last_exposure_date": day, **fields}
    refused = check_contacts("yes", [contact], onset, NOW, POLICY, place=place)["contacts_refused"]
    return refused and [each["reason"] for each in refused]


@pytest.mark.usefixtures("_zone_of_the_worker")
@pytest.mark.parametrize("zone", ZONES)
def test_today_is_the_date_in_the_patients_time_zone_whatever_that_of_the_worker(zone: str) -> None:
    place = Place(ZoneInfo(zone))
    here = today(place.zone)
    assert reasons(str(here), place) is None
    assert reasons(str(here + timedelta(days=1)), place) == ["in_the_future"]


@pytest.mark.parametrize("onset", ["0001-01-01", "9999-12-31", str(NOW.date() + timedelta(days=90))])
def test_a_list_of_contacts_is_accepted_although_the_onset_is_implausible(onset: str) -> None:
    assert reasons(str(NOW.date()), onset=onset) is None


@pytest.mark.parametrize("day", [None, "", "soon", "2020-02-31"])
def test_an_invalid_day_is_refused(day: str | None) -> None:
    assert reasons(day) == ["no_day"]


@pytest.mark.parametrize("phone", [None, "", "----", "+ ()"])
def test_a_telephone_number_without_digits_is_no_address(phone: str | None) -> None:
    assert reasons(str(NOW.date()), email=None, phone=phone) == ["no_address"]


def test_the_day_of_a_sample_is_the_date_in_the_patients_time_zone() -> None:
    late = datetime(2026, 3, 1, 20, tzinfo=UTC)
    assert infectious_from(None, late, POLICY, Place(ZoneInfo("Asia/Kolkata"))) == date(2026, 2, 28)
    assert infectious_from(None, late, POLICY, DEFAULT_PLACE) == date(2026, 2, 27)


class FakeGovernment(Government):
    """A government that defers an address, and reports it as unreachable at the last attempt."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.paths.append(path)
        if path.endswith("?last_attempt=true"):
            return {"outcome": "unreachable", "name": "Charles", "phone": "+44", "language": "en"}
        raise Unavailable("government: 503", "recipient_deferred")


def attempt(government: FakeGovernment, is_last: bool) -> dict[str, Any]:
    return notify_contact("C-1", "7", Context("t", "k", is_last), government=government)


def test_a_contact_with_a_deferred_address_is_unreachable_after_the_last_attempt() -> None:
    government = FakeGovernment()
    # uses up a retry: as an outage it would be retried forever
    with pytest.raises(Faulty, match="an address is refused temporarily"):
        attempt(government, is_last=False)
    assert attempt(government, is_last=True)["contact_outcome"] == "unreachable"
    assert SEND_RETRY.attempts == 9
