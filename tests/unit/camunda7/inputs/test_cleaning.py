import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from camunda7.inputs.cleaning import clean_code, clean_line, clean_text
from tests.support.tier import rounds

INVISIBLE = "\u200b\u2060\ufeff\u200e\u200f\u202a\u202e\u2066\u2069\u00ad\u061c\u180e\u2061\u3164\u2800\U000e0001"
SPACES = "\u00a0\u1680\u2000\u2007\u2009\u202f\u205f\u3000"
DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
# the zeros of all scripts that Unicode knows
ZEROS = [chr(code) for code in range(0x110000) if unicodedata.decimal(chr(code), None) == 0]


@pytest.mark.parametrize("zero", ZEROS, ids=lambda zero: f"U+{ord(zero):04X}")
def test_digits_of_every_script_become_ascii_in_codes(zero: str) -> None:
    typed = "".join(chr(ord(zero) + digit) for digit in range(10))
    assert clean_code(typed) == "0123456789"
    # free text keeps the digits of its script
    assert clean_text(typed) == typed


@pytest.mark.parametrize("clean", [clean_text, clean_line, clean_code])
@pytest.mark.parametrize("invisible", INVISIBLE, ids=lambda each: f"U+{ord(each):04X}")
def test_invisible_characters_are_removed(clean, invisible: str) -> None:
    assert clean(f"{invisible}a{invisible}b {invisible}") == "ab"
    assert clean(invisible * 3) == ""


@pytest.mark.parametrize("clean", [clean_text, clean_line, clean_code])
def test_unicode_spaces_become_spaces(clean) -> None:
    for space in SPACES:
        assert clean(f"{space}a{space}b{space}") == "a b"


def test_dashes_in_names_and_codes_become_hyphens() -> None:
    for dash in DASHES:
        assert clean_line(f"Anne{dash}Marie") == "Anne-Marie"
        assert clean_code(f"020{dash}7946") == "020-7946"
    assert clean_text("bad \u2014 very") == "bad \u2014 very"
    # the maqaf belongs to a Hebrew name, and is a dash in a number
    assert (clean_line("בן\u05beגוריון"), clean_code("1\u05be2")) == ("בן\u05beגוריון", "1-2")


def test_joiners_stay_within_words() -> None:
    persian, indic, family = "علی\u200cرضا", "क्\u200dष", "👩\u200d👧"
    for text in (persian, indic, family):
        assert clean_line(text) == text
    assert clean_line("\u200cعلی\u200d") == "علی"
    assert clean_line("A\u200cda") == "Ada"
    assert clean_code("12\u200d3") == "123"


def test_visible_format_characters_stay() -> None:
    assert clean_text("\u0600\u0661") == "\u0600\u0661"


@pytest.mark.parametrize("text", ["", " ", "\u0301", "\u3164\u2800", "\u200d\u200c", "\n\t"])
def test_a_text_without_visible_characters_becomes_empty(text: str) -> None:
    assert clean_text(text) == clean_line(text) == clean_code(text) == ""


def test_line_breaks_stay_in_texts_and_become_spaces_in_lines() -> None:
    assert clean_text("12 Main St\r\nFlat 2\u2028Door 3") == "12 Main St\nFlat 2\nDoor 3"
    assert clean_line("a\r\nb\tc") == "a b c"
    assert clean_code("１２．５\u066b") == "12.5."


@pytest.mark.slow
@settings(max_examples=rounds(test=200, verify=5000), deadline=None)
@given(st.text(max_size=60))
def test_cleaning_is_idempotent_and_loses_no_letter(text: str) -> None:
    for clean in (clean_text, clean_line, clean_code):
        cleaned = clean(text)
        assert clean(cleaned) == cleaned
        assert cleaned == cleaned.strip()
        assert not any(unicodedata.category(each) == "Zs" and each != " " for each in cleaned)
    letters = [each for each in text if unicodedata.category(each) in ("Lu", "Ll")]
    assert [each for each in clean_text(text) if unicodedata.category(each) in ("Lu", "Ll")] == letters
