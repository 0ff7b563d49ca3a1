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


def test_a_number_without_country_code_is_read_with_the_configured_region() -> None:
    assert parse_telephone("020 7946 0958") is None
    assert parse_telephone("0171 555") is None
    assert parse_telephone("020 7946 0958", "GB") == "+442079460958"
    assert parse_telephone("+33 1 99 00 12 34", "GB") == "+33199001234"


@pytest.mark.parametrize(
    "typed", ["", "----", "+", "()", "none", "+44", "+999 123", "call +44 20 7946 0958", "+44 " + "1" * 30]
)
@pytest.mark.parametrize("region", [None, "GB"])
def test_an_invalid_number_is_none(typed: str, region: str | None) -> None:
    assert parse_telephone(typed, region) is None


def test_an_e_mail_address_keeps_its_letters_and_loses_invisible_characters() -> None:
    assert clean_email(" Ada.Lovelace@Example.org\u200b ") == "Ada.Lovelace@Example.org"
    assert clean_email("jean\u2011paul＠example.org") == "jean-paul@example.org"


def test_an_internationalised_domain_is_stored_as_punycode() -> None:
    assert clean_email("ada@bücher.example") == "ada@xn--bcher-kva.example"
    # a local part that isn't ASCII would need SMTPUTF8
    assert clean_email("jürgen@example.org") == "jürgen@example.org"
    assert clean_email("a@\u2603..x") == "a@\u2603..x"
    assert clean_email("jürgen") == "jürgen"
