import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from records import access
from records.access import Access, CaseAccess, Link, LinkResult
from records.cipher import Cipher

pytestmark = pytest.mark.usefixtures("records")
BORN, SHARED = "1990-05-10", "family@patients.example"


@pytest.fixture
def ours() -> Access:
    return Access(Cipher("a secret of the tests"))


def test_code_and_date_of_birth_open_the_case(ours: Access) -> None:
    code = ours.create_code("C-1", BORN)
    assert ours.find_case_by_code(code, BORN) == "C-1"
    assert ours.find_case_by_code(code.lower().replace("-", " "), BORN) == "C-1"


def test_neither_alone_opens_it(ours: Access) -> None:
    code = ours.create_code("C-1", BORN)
    assert ours.find_case_by_code(code, "1990-05-11") is None
    assert ours.find_case_by_code("", BORN) is None


def test_a_code_has_at_least_80_random_bits_and_is_easy_to_read(ours: Access) -> None:
    assert len(access.ALPHABET) ** access.LENGTH >= 2**80
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{6}-){2}[2-9A-HJ-NP-Z]{6}", ours.create_code("C-1", BORN))


def test_only_hashes_are_kept(ours: Access) -> None:
    code = ours.create_code("C-1", BORN, SHARED)
    token = ours.create_link("C-1/report_there/1", "C-1")
    kept = "".join(str(value) for row in (CaseAccess.get(), Link.get()) for value in row.__data__.values())
    # with characters that no hash has: a short word may be in random digits
    for secret in (code, code.replace("-", ""), token, BORN, SHARED):
        assert secret not in kept


def test_without_the_secret_the_kept_date_of_birth_can_not_be_guessed(ours: Access) -> None:
    ours.create_code("C-1", BORN, SHARED)
    before = CaseAccess.get()
    Access(Cipher("another secret, of somebody else")).create_code("C-1", BORN, SHARED)
    after = CaseAccess.get()
    assert (before.birth, before.reached_by) != (after.birth, after.reached_by)


def test_a_new_code_replaces_the_old_one(ours: Access) -> None:
    old, new = ours.create_code("C-1", BORN), ours.create_code("C-1", BORN)
    assert ours.find_case_by_code(old, BORN) is None
    assert ours.find_case_by_code(new, BORN) == "C-1"


def test_twins_do_not_open_each_others_case_by_code(ours: Access) -> None:
    first, second = ours.create_code("C-1", BORN), ours.create_code("C-2", BORN)
    assert (ours.find_case_by_code(first, BORN), ours.find_case_by_code(second, BORN)) == ("C-1", "C-2")


def test_a_link_opens_its_case_with_the_date_of_birth(ours: Access) -> None:
    ours.create_code("C-1", BORN, SHARED)
    token = ours.create_link("C-1/report_there/1", "C-1")
    assert ours.open_link(token, BORN) == LinkResult("C-1")
    assert ours.open_link(token, "1990-05-11").case_reference is None
    assert ours.open_link("unknown", BORN) == LinkResult(None)
    assert len(token) * 4 >= 80


def test_the_link_of_a_message_that_is_sent_again_is_the_same(ours: Access) -> None:
    assert ours.create_link("C-1/report_there/1", "C-1") == ours.create_link("C-1/report_there/1", "C-1")
    assert ours.create_link("C-1/report_there/1", "C-1") != ours.create_link("C-1/report_there/2", "C-1")
    assert Link.select().count() == 2


def test_a_link_lasts_ten_days(ours: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(days=10) == access.LINK_TTL
    monkeypatch.setattr(access, "LINK_TTL", timedelta(seconds=-1))
    ours.create_code("C-1", BORN, SHARED)
    token = ours.create_link("C-1/report_there/1", "C-1")
    assert ours.open_link(token, BORN) == LinkResult(None, is_expired=True)
    assert ours.find_case_by_link(token) == "C-1"


def test_of_several_cases_with_one_address_and_birthday_a_link_opens_its_own(ours: Access) -> None:
    for reference, address in (
        ("C-1", SHARED),
        ("C-2", " Family@Patients.Example "),
        ("C-3", "other@patients.example"),
    ):
        ours.create_code(reference, BORN, address)
    for reference in ("C-1", "C-2"):
        assert ours.open_link(ours.create_link(f"{reference}/report_there/1", reference), BORN) == LinkResult(reference)
    assert (ours.find_related_cases("C-1"), ours.find_related_cases("C-2"), ours.find_related_cases("C-3")) == (
        ["C-2"],
        ["C-1"],
        [],
    )
    assert ours.find_related_cases("unknown") == []


def test_those_without_an_address_are_nobodys_twins(ours: Access) -> None:
    for reference in ("C-1", "C-2"):
        ours.create_code(reference, BORN)
    assert ours.open_link(ours.create_link("C-1/x/1", "C-1"), BORN) == LinkResult("C-1")
    assert ours.find_related_cases("C-1") == []
    assert ours.find_cases_by_address("", BORN) == []


@pytest.mark.parametrize("typed", ["+44 20 7946-0958", "0044 (20) 79460958", "+442079460958"])
def test_a_case_is_found_by_address_and_birthday_however_the_number_is_typed(ours: Access, typed: str) -> None:
    ours.create_code("C-1", BORN, "+44 20 7946 0958")
    assert ours.find_cases_by_address(typed, BORN) == ["C-1"]
    assert ours.find_cases_by_address(typed, "1990-05-11") == []


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Cipher("")


def test_two_clicks_at_once_make_one_code(ours: Access) -> None:
    """Each shows the code that opens the case; so do a case's first code and a later one."""
    for click in ("first", "second"):
        since = ours.code_created_at("C-1")
        with ThreadPoolExecutor(4) as pool:
            codes = list(pool.map(lambda _, c=click, s=since: ours.replace_code("C-1", BORN, SHARED, c, s), range(8)))
        assert len(set(codes)) == 1
        assert ours.find_case_by_code(codes[0], BORN) == "C-1"


def test_of_two_pages_only_the_first_makes_a_code(ours: Access) -> None:
    since = ours.code_created_at("C-1")
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda click: ours.replace_code("C-1", BORN, SHARED, click, since), "abcdefgh"))
    [code] = filter(None, made)
    assert ours.find_case_by_code(code, BORN) == "C-1"
    assert ours.replace_code("C-1", BORN, SHARED, "a", "long ago") is None or made[0] == code
    # a page that is opened now may
    newer = ours.replace_code("C-1", BORN, SHARED, "i", ours.code_created_at("C-1"))
    assert ours.find_case_by_code(newer or "", BORN) == "C-1"
    assert ours.find_case_by_code(code, BORN) is None


def test_a_click_makes_another_code_in_another_case_and_with_another_secret(ours: Access) -> None:
    other = Access(Cipher("another secret, of somebody else"))
    codes = {ours.create_code("C-1", BORN, click="a"), ours.create_code("C-2", BORN, click="a")}
    assert (
        len({*codes, other.create_code("C-3", BORN, click="a"), *(ours.create_code("C-4", BORN) for _ in range(3))})
        == 6
    )
