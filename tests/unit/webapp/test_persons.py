import pytest

from processes.cases import Case
from webapp.persons import has_given_name, is_same_person, needs_given_name


def of(given_name: str | None, family_name: str | None = "Lovelace") -> Case:
    return Case("C-1", "1", {"given_name": given_name, "family_name": family_name}, None)


@pytest.mark.parametrize("typed", ["Zoé-Anne", " zoe anne ", "ZOÉANNE", "Zoe\u0301-Anne"])
def test_a_name_is_known_however_it_is_typed(typed: str) -> None:
    assert has_given_name(of("Zoé-Anne"), typed)
    assert is_same_person(of("Zoé-Anne"), of(typed))


@pytest.mark.parametrize("typed", ["", "Zoé", "Anne", "-"])
def test_another_name_is_not(typed: str) -> None:
    assert not has_given_name(of("Zoé-Anne"), typed)


def test_the_given_name_is_asked_for_only_where_it_tells_two_people_apart() -> None:
    assert needs_given_name(of("Ada"), [of("ada"), of("Grace")])
    assert not needs_given_name(of("Ada"), [of("ADA")])
    assert not needs_given_name(of("Ada"), [])


def test_a_case_whose_names_are_unknown_is_nobody_s_other_case() -> None:
    assert not is_same_person(of(None, None), of(None, None))
    assert not is_same_person(of("Ada"), of("Ada", "Byron"))
