import pytest

from records.claims import Claims

pytestmark = pytest.mark.usefixtures("records")


def test_a_key_is_held_by_one_at_a_time() -> None:
    with Claims().held("key", 60) as first, Claims().held("key", 60) as second:
        assert (first, second) == (True, False)
    with Claims().held("key", 60) as third:
        assert third


def test_a_claim_that_has_run_out_is_not_given_back_in_its_successors_place() -> None:
    first, second = Claims().held("key", -1), Claims().held("key", 60)
    assert (first.__enter__(), second.__enter__()) == (True, True)
    first.__exit__(None, None, None)
    with Claims().held("key", 60) as third:
        assert not third
