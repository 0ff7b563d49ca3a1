import pytest

from records.leases import Leases

pytestmark = pytest.mark.usefixtures("records")


def test_a_lease_is_held_by_one_holder_at_a_time() -> None:
    with Leases().acquire("key", 60) as first, Leases().acquire("key", 60) as second:
        assert (first, second) == (True, False)
    with Leases().acquire("key", 60) as third:
        assert third


def test_releasing_an_expired_lease_does_not_release_that_of_the_next_holder() -> None:
    first, second = Leases().acquire("key", -1), Leases().acquire("key", 60)
    assert (first.__enter__(), second.__enter__()) == (True, True)
    first.__exit__(None, None, None)
    with Leases().acquire("key", 60) as third:
        assert not third
