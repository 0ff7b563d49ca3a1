import time
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from workers.government import _outside


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
