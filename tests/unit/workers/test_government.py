import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from workers.government import SENDING, _outside, notify_contact
from workers.outside import Unavailable
from workers.runtime import Context, Faulty


@pytest.fixture(params=["Etc/GMT+12", "America/St_Johns", "Pacific/Kiritimati"])
def _zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patched:
        patched.setenv("TZ", request.param)
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("_zone")
def test_a_contact_of_today_is_never_in_the_future_wherever_the_worker_runs() -> None:
    today = datetime.now(ZoneInfo("Pacific/Kiritimati")).date()
    assert _outside({"last_exposure_date": today.isoformat()}, date(2020, 1, 1)) is None
    later = today + timedelta(days=2)
    assert _outside({"last_exposure_date": later.isoformat()}, date(2020, 1, 1)) == "in_the_future"


class FakeGovernment:
    """Refuses an address for now, but at a last attempt."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.paths.append(path)
        if path.endswith("?last_attempt=true"):
            return {"outcome": "unreachable", "name": "Charles", "phone": "+44", "language": "en"}
        raise Unavailable("government: 503", "recipient_deferred")


def attempt(government: FakeGovernment, is_last: bool) -> dict[str, Any]:
    return notify_contact("C-1", "7", Context("t", "k", is_last), government)


def test_a_contact_whose_address_is_refused_for_now_is_called_after_the_last_attempt() -> None:
    government = FakeGovernment()
    # counted, and not taken for an outage, which would go on for ever
    with pytest.raises(Faulty, match="an address is refused for now"):
        attempt(government, is_last=False)
    assert attempt(government, is_last=True)["contact_outcome"] == "unreachable"
    assert SENDING.attempts == 9
