import re

import pytest

from records import access

pytestmark = pytest.mark.usefixtures("records")


def test_code_and_date_of_birth_open_the_case() -> None:
    code = access.new_code("C-1", "1990-05-10")
    assert access.case_of(code, "1990-05-10") == "C-1"
    assert access.case_of(code.lower().replace("-", " "), "1990-05-10") == "C-1"


def test_neither_alone_opens_it() -> None:
    code = access.new_code("C-1", "1990-05-10")
    assert access.case_of(code, "1990-05-11") is None
    assert access.case_of("", "1990-05-10") is None


def test_a_code_has_at_least_80_random_bits_and_is_easy_to_read() -> None:
    assert len(access.ALPHABET) ** access.LENGTH >= 2**80
    assert re.fullmatch(r"([2-9A-HJ-NP-Z]{6}-){2}[2-9A-HJ-NP-Z]{6}", access.new_code("C-1", "1990-05-10"))


def test_only_a_hash_is_kept() -> None:
    code = access.new_code("C-1", "1990-05-10")
    kept = "".join(str(value) for value in access.AccessCode.get().__data__.values())
    assert code.replace("-", "") not in kept
    assert "1990" not in kept


def test_a_new_code_replaces_the_old_one() -> None:
    old = access.new_code("C-1", "1990-05-10")
    new = access.new_code("C-1", "1990-05-10")
    assert access.case_of(old, "1990-05-10") is None
    assert access.case_of(new, "1990-05-10") == "C-1"


def test_twins_do_not_open_each_others_case() -> None:
    first, second = access.new_code("C-1", "1990-05-10"), access.new_code("C-2", "1990-05-10")
    assert (access.case_of(first, "1990-05-10"), access.case_of(second, "1990-05-10")) == ("C-1", "C-2")
