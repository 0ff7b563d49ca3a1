from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from records.cipher import Cipher
from records.login_throttle import Attempt, LoginThrottle

pytestmark = pytest.mark.usefixtures("records")
WAIT = timedelta(minutes=15)


@pytest.fixture
def throttle() -> LoginThrottle:
    return LoginThrottle(Cipher("a secret of the tests"))


def test_attempts_beyond_the_maximum_are_refused(throttle: LoginThrottle) -> None:
    assert [throttle.allow("code A", 3, WAIT) for _ in range(5)] == [True, True, True, False, False]
    assert throttle.allow("code B", 3, WAIT)


def test_attempts_are_allowed_again_after_the_period(throttle: LoginThrottle) -> None:
    assert [throttle.allow("code A", 1, WAIT) for _ in range(2)] == [True, False]
    assert throttle.allow("code A", 1, timedelta(seconds=-1))


def test_a_reset_allows_attempts_again(throttle: LoginThrottle) -> None:
    throttle.allow("code A", 1, WAIT)
    throttle.reset("code A")
    assert throttle.allow("code A", 1, WAIT)


def test_a_refund_takes_back_one_attempt_only(throttle: LoginThrottle) -> None:
    for _ in range(3):
        throttle.allow("address 10.0.0.1", 3, WAIT)
    throttle.refund("address 10.0.0.1")
    assert [throttle.allow("address 10.0.0.1", 3, WAIT) for _ in range(2)] == [True, False]


def test_the_key_of_an_attempt_is_stored_as_a_fingerprint(throttle: LoginThrottle) -> None:
    throttle.allow("lost ada@patients.example", 1, WAIT)
    assert "ada@" not in str(Attempt.get().__data__)


def test_concurrent_attempts_are_all_counted(throttle: LoginThrottle) -> None:
    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: throttle.allow("code A", 5, WAIT), range(40)))
    assert sum(allowed) == 5
