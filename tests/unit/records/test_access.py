import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from records import access
from records.access import Access, CaseAccess, Link, LinkResult
from records.cipher import Cipher

pytestmark = pytest.mark.usefixtures("records")
DATE_OF_BIRTH, ADDRESS = "1990-05-10", "family@patients.example"


@pytest.fixture
def access_codes() -> Access:
    return Access(Cipher("a secret of the tests"))


def test_a_case_is_found_by_code_and_date_of_birth(access_codes: Access) -> None:
    code = access_codes.create_code("C-1", DATE_OF_BIRTH)
    assert access_codes.find_case_by_code(code, DATE_OF_BIRTH) == "C-1"
    assert access_codes.find_case_by_code(code.lower().replace("-", " "), DATE_OF_BIRTH) == "C-1"


def test_a_case_is_not_found_by_code_or_date_of_birth_alone(access_codes: Access) -> None:
    code = access_codes.create_code("C-1", DATE_OF_BIRTH)
    assert access_codes.find_case_by_code(code, "1990-05-11") is None
    assert access_codes.find_case_by_code("", DATE_OF_BIRTH) is None


def test_a_code_has_at_least_80_random_bits_and_is_easy_to_read(access_codes: Access) -> None:
    assert len(access.ALPHABET) ** access.LENGTH >= 2**80
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{6}-){2}[2-9A-HJ-NP-Z]{6}", access_codes.create_code("C-1", DATE_OF_BIRTH))


def test_only_hashes_are_stored(access_codes: Access) -> None:
    code = access_codes.create_code("C-1", DATE_OF_BIRTH, ADDRESS)
    token = access_codes.create_link("C-1/report_there/1", "C-1")
    stored = "".join(str(value) for row in (CaseAccess.get(), Link.get()) for value in row.__data__.values())
    # each secret has a character that no hash contains, so none is found by chance
    for secret in (code, code.replace("-", ""), token, DATE_OF_BIRTH, ADDRESS):
        assert secret not in stored


def test_fingerprints_depend_on_the_secret(access_codes: Access) -> None:
    access_codes.create_code("C-1", DATE_OF_BIRTH, ADDRESS)
    before = CaseAccess.get()
    Access(Cipher("another secret of the tests")).create_code("C-1", DATE_OF_BIRTH, ADDRESS)
    after = CaseAccess.get()
    assert (before.birth, before.reached_by) != (after.birth, after.reached_by)


def test_a_new_code_replaces_the_old_one(access_codes: Access) -> None:
    old, new = access_codes.create_code("C-1", DATE_OF_BIRTH), access_codes.create_code("C-1", DATE_OF_BIRTH)
    assert access_codes.find_case_by_code(old, DATE_OF_BIRTH) is None
    assert access_codes.find_case_by_code(new, DATE_OF_BIRTH) == "C-1"


def test_codes_of_two_people_with_the_same_date_of_birth_open_different_cases(access_codes: Access) -> None:
    first, second = access_codes.create_code("C-1", DATE_OF_BIRTH), access_codes.create_code("C-2", DATE_OF_BIRTH)
    assert (
        access_codes.find_case_by_code(first, DATE_OF_BIRTH),
        access_codes.find_case_by_code(second, DATE_OF_BIRTH),
    ) == ("C-1", "C-2")


def test_a_link_opens_its_case_with_the_date_of_birth(access_codes: Access) -> None:
    access_codes.create_code("C-1", DATE_OF_BIRTH, ADDRESS)
    token = access_codes.create_link("C-1/report_there/1", "C-1")
    assert access_codes.open_link(token, DATE_OF_BIRTH) == LinkResult("C-1")
    assert access_codes.open_link(token, "1990-05-11").case_reference is None
    assert access_codes.open_link("unknown", DATE_OF_BIRTH) == LinkResult(None)
    assert len(token) * 4 >= 80


def test_a_message_that_is_sent_again_has_the_same_link(access_codes: Access) -> None:
    assert access_codes.create_link("C-1/report_there/1", "C-1") == access_codes.create_link(
        "C-1/report_there/1", "C-1"
    )
    assert access_codes.create_link("C-1/report_there/1", "C-1") != access_codes.create_link(
        "C-1/report_there/2", "C-1"
    )
    assert Link.select().count() == 2


def test_a_link_expires_after_ten_days(access_codes: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    assert timedelta(days=10) == access.LINK_TTL
    monkeypatch.setattr(access, "LINK_TTL", timedelta(seconds=-1))
    access_codes.create_code("C-1", DATE_OF_BIRTH, ADDRESS)
    token = access_codes.create_link("C-1/report_there/1", "C-1")
    assert access_codes.open_link(token, DATE_OF_BIRTH) == LinkResult(None, is_expired=True)
    assert access_codes.find_case_by_link(token) == "C-1"


def test_a_link_opens_its_own_case_and_finds_others_of_the_same_address_and_birthday(access_codes: Access) -> None:
    for reference, address in (
        ("C-1", ADDRESS),
        ("C-2", " Family@Patients.Example "),
        ("C-3", "other@patients.example"),
    ):
        access_codes.create_code(reference, DATE_OF_BIRTH, address)
    for reference in ("C-1", "C-2"):
        assert access_codes.open_link(
            access_codes.create_link(f"{reference}/report_there/1", reference), DATE_OF_BIRTH
        ) == LinkResult(reference)
    assert (
        access_codes.find_related_cases("C-1"),
        access_codes.find_related_cases("C-2"),
        access_codes.find_related_cases("C-3"),
    ) == (
        ["C-2"],
        ["C-1"],
        [],
    )
    assert access_codes.find_related_cases("unknown") == []


def test_cases_without_an_address_are_not_related(access_codes: Access) -> None:
    for reference in ("C-1", "C-2"):
        access_codes.create_code(reference, DATE_OF_BIRTH)
    assert access_codes.open_link(access_codes.create_link("C-1/x/1", "C-1"), DATE_OF_BIRTH) == LinkResult("C-1")
    assert access_codes.find_related_cases("C-1") == []
    assert access_codes.find_cases_by_address("", DATE_OF_BIRTH) == []


@pytest.mark.parametrize("typed", ["+44 20 7946-0958", "0044 (20) 79460958", "+442079460958"])
def test_a_case_is_found_by_telephone_number_in_any_notation_and_birthday(access_codes: Access, typed: str) -> None:
    access_codes.create_code("C-1", DATE_OF_BIRTH, "+44 20 7946 0958")
    assert access_codes.find_cases_by_address(typed, DATE_OF_BIRTH) == ["C-1"]
    assert access_codes.find_cases_by_address(typed, "1990-05-11") == []


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(ValueError, match="secret"):
        Cipher("")


def test_concurrent_requests_of_one_click_create_one_code(access_codes: Access) -> None:
    """Each request returns the valid code, both for the first code of a case and for a replacement."""
    for click in ("first", "second"):
        since = access_codes.code_created_at("C-1")
        with ThreadPoolExecutor(4) as pool:
            codes = list(
                pool.map(
                    lambda _, c=click, s=since: access_codes.replace_code("C-1", DATE_OF_BIRTH, ADDRESS, c, s), range(8)
                )
            )
        assert len(set(codes)) == 1
        assert access_codes.find_case_by_code(codes[0], DATE_OF_BIRTH) == "C-1"


def test_of_several_pages_only_the_first_creates_a_code(access_codes: Access) -> None:
    since = access_codes.code_created_at("C-1")
    with ThreadPoolExecutor(4) as pool:
        created = list(
            pool.map(lambda click: access_codes.replace_code("C-1", DATE_OF_BIRTH, ADDRESS, click, since), "abcdefgh")
        )
    [code] = filter(None, created)
    assert access_codes.find_case_by_code(code, DATE_OF_BIRTH) == "C-1"
    assert access_codes.replace_code("C-1", DATE_OF_BIRTH, ADDRESS, "a", "long ago") is None or created[0] == code
    # a page that was opened after the replacement creates a code
    newer = access_codes.replace_code("C-1", DATE_OF_BIRTH, ADDRESS, "i", access_codes.code_created_at("C-1"))
    assert access_codes.find_case_by_code(newer or "", DATE_OF_BIRTH) == "C-1"
    assert access_codes.find_case_by_code(code, DATE_OF_BIRTH) is None


def test_codes_of_other_clicks_cases_and_secrets_differ(access_codes: Access) -> None:
    other = Access(Cipher("another secret of the tests"))
    codes = {
        access_codes.create_code("C-1", DATE_OF_BIRTH, click="a"),
        access_codes.create_code("C-2", DATE_OF_BIRTH, click="a"),
    }
    assert (
        len(
            {
                *codes,
                other.create_code("C-3", DATE_OF_BIRTH, click="a"),
                *(access_codes.create_code("C-4", DATE_OF_BIRTH) for _ in range(3)),
            }
        )
        == 6
    )
