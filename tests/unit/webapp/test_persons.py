import pytest

from processes.cases import Case
from webapp.persons import has_given_name, is_same_person, needs_given_name


def case_of(given_name: str | None, family_name: str | None = "Lovelace") -> Case:
    return Case("C-1", "1", {"given_name": given_name, "family_name": family_name}, None)


@pytest.mark.parametrize("typed", ["Zoé-Anne", " zoe anne ", "ZOÉANNE", "Zoe\u0301-Anne"])
def test_a_name_matches_without_regard_to_case_accents_and_hyphens(typed: str) -> None:
    assert has_given_name(case_of("Zoé-Anne"), typed)
    assert is_same_person(case_of("Zoé-Anne"), case_of(typed))


@pytest.mark.parametrize("typed", ["", "Zoé", "Anne", "-"])
def test_another_name_does_not_match(typed: str) -> None:
    assert not has_given_name(case_of("Zoé-Anne"), typed)


def test_the_given_name_is_needed_only_to_tell_two_people_apart() -> None:
    assert needs_given_name(case_of("Ada"), [case_of("ada"), case_of("Grace")])
    assert not needs_given_name(case_of("Ada"), [case_of("ADA")])
    assert not needs_given_name(case_of("Ada"), [])


def test_cases_with_unknown_or_different_names_are_not_of_the_same_person() -> None:
    assert not is_same_person(case_of(None, None), case_of(None, None))
    assert not is_same_person(case_of("Ada"), case_of("Ada", "Byron"))
