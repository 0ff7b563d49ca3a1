from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from records.cipher import Cipher
from records.login_throttle import Attempt, LoginThrottle

pytestmark = pytest.mark.usefixtures("records")
WAIT = timedelta(minutes=15)


@pytest.fixture
def attempts() -> LoginThrottle:
    return LoginThrottle(Cipher("a secret of the tests"))


def test_after_too_many_one_waits(attempts: LoginThrottle) -> None:
    assert [attempts.allow("code A", 3, WAIT) for _ in range(5)] == [True, True, True, False, False]
    assert attempts.allow("code B", 3, WAIT)


def test_when_the_span_is_over_one_may_try_again(attempts: LoginThrottle) -> None:
    assert [attempts.allow("code A", 1, WAIT) for _ in range(2)] == [True, False]
    assert attempts.allow("code A", 1, timedelta(seconds=-1))


def test_who_was_right_begins_anew(attempts: LoginThrottle) -> None:
    attempts.allow("code A", 1, WAIT)
    attempts.reset("code A")
    assert attempts.allow("code A", 1, WAIT)


def test_who_is_right_does_not_count_but_those_before_do(attempts: LoginThrottle) -> None:
    for _ in range(3):
        attempts.allow("address 10.0.0.1", 3, WAIT)
    attempts.refund("address 10.0.0.1")
    assert [attempts.allow("address 10.0.0.1", 3, WAIT) for _ in range(2)] == [True, False]


def test_what_was_attempted_is_not_kept(attempts: LoginThrottle) -> None:
    attempts.allow("lost ada@patients.example", 1, WAIT)
    assert "ada@" not in str(Attempt.get().__data__)


def test_many_at_once_are_all_counted(attempts: LoginThrottle) -> None:
    with ThreadPoolExecutor(8) as pool:
        allowed = list(pool.map(lambda _: attempts.allow("code A", 5, WAIT), range(40)))
    assert sum(allowed) == 5
