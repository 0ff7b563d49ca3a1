import pytest

from camunda7.inputs.emails import clean_email
from camunda7.inputs.telephones import parse_telephone


@pytest.mark.parametrize(
    "typed",
    [
        "+44 20 7946 0958",
        "0044 20 7946 0958",
        "+44 (0)20 7946-0958",
        "+٤٤ ٢٠ ٧٩٤٦ ٠٩٥٨",
        "＋４４ ２０ ７９４６ ０９５８",
        "\u200e+44\u00a020\u20117946\u20110958\u200f",
    ],
)
def test_a_number_with_its_country_is_stored_as_e_164(typed: str) -> None:
    assert parse_telephone(typed) == "+442079460958"


def test_a_number_without_country_is_of_the_region_if_there_is_one() -> None:
    assert parse_telephone("020 7946 0958") is None
    assert parse_telephone("0171 555") is None
    assert parse_telephone("020 7946 0958", "GB") == "+442079460958"
    assert parse_telephone("+33 1 99 00 12 34", "GB") == "+33199001234"


@pytest.mark.parametrize(
    "typed", ["", "----", "+", "()", "none", "+44", "+999 123", "call +44 20 7946 0958", "+44 " + "1" * 30]
)
@pytest.mark.parametrize("region", [None, "GB"])
def test_what_is_no_number(typed: str, region: str | None) -> None:
    assert parse_telephone(typed, region) is None


def test_an_e_mail_address_is_used_as_it_was_typed() -> None:
    assert clean_email(" Ada.Lovelace@Example.org\u200b ") == "Ada.Lovelace@Example.org"
    assert clean_email("jean\u2011paul＠example.org") == "jean-paul@example.org"


def test_a_domain_in_other_letters_is_written_as_in_dns() -> None:
    assert clean_email("ada@bücher.example") == "ada@xn--bcher-kva.example"
    # no server delivers to it without SMTPUTF8
    assert clean_email("jürgen@example.org") == "jürgen@example.org"
    assert clean_email("a@\u2603..x") == "a@\u2603..x"
    assert clean_email("jürgen") == "jürgen"
