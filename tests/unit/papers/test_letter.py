"""Letters as PDF: one page, tagged, with embedded fonts, shaped Arabic, and a code that a reader of others reads."""

from __future__ import annotations

import io
import random
from dataclasses import replace

import pikepdf
import pytest
from PIL import Image, ImageEnhance, ImageFilter

from papers.letter import Letter, render
from tests.support.letters import TEXTS, URL, write_letter
from tests.support.papers import draw, read_code, read_text

LANGUAGES = sorted(TEXTS)
# keeps two letters of the Arabic script apart
NON_JOINER = "\u200c"


def open_pdf(letter: Letter) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(render(letter)))


def tags_of(element: pikepdf.Object) -> list[pikepdf.Object]:
    """The structure elements below an element, in reading order."""
    if isinstance(element, pikepdf.Array):
        return [tag for child in element for tag in tags_of(child)]
    if not isinstance(element, pikepdf.Dictionary) or "/S" not in element:
        return []
    return [element, *tags_of(element.get("/K"))]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_is_one_tagged_page_in_its_language(language: str) -> None:
    pdf = open_pdf(write_letter(language))
    assert len(pdf.pages) == 1
    assert (str(pdf.Root.Lang), bool(pdf.Root.MarkInfo.Marked)) == (language, True)
    assert bool(pdf.Root.ViewerPreferences.DisplayDocTitle)
    with pdf.open_metadata() as metadata:
        assert (metadata["dc:title"], metadata["pdfuaid:part"]) == (TEXTS[language].title, "1")
    tags = tags_of(pdf.Root.StructTreeRoot.K)
    assert [str(tag.S) for tag in tags].count("/H1") == 1
    [figure] = [tag for tag in tags if tag.S == "/Figure"]
    assert str(figure.Alt) == TEXTS[language].code


@pytest.mark.parametrize("language", LANGUAGES)
def test_all_fonts_are_embedded(language: str) -> None:
    pdf = open_pdf(write_letter(language))
    fonts = list(pdf.pages[0].Resources.Font.values())
    assert len(fonts) >= 2
    assert all("/FontFile2" in font.DescendantFonts[0].FontDescriptor for font in fonts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_letter_has_the_words_of_both_languages(language: str) -> None:
    """Word by word, because readers of PDF differ in the order of right-to-left text."""
    own, english = TEXTS[language], TEXTS["en"]
    expected = (
        f"{own.title} {own.rows[2][1]} {english.statement.rstrip('.')} {english.rows[0][1]} Public Health Service"
    )
    found = read_text(render(write_letter(language))).split()
    assert [word for word in expected.split() if word not in found and "COVID" not in word] == []


def test_letters_of_arabic_words_are_joined() -> None:
    letter = write_letter("ar")
    apart = replace(letter.texts[0], title=NON_JOINER.join(letter.texts[0].title))
    assert draw(render(letter)).tobytes() != draw(render(replace(letter, texts=(apart, letter.texts[1])))).tobytes()


def test_the_code_is_read_from_the_print() -> None:
    assert read_code(draw(render(write_letter("ar")), dpi=150)) == URL


@pytest.mark.parametrize("angle", [-25, 7, 90, 180])
def test_the_code_is_read_from_a_photograph(angle: int) -> None:
    """The page is turned, out of focus, dim, noisy and small, as a telephone takes it."""
    page = draw(render(write_letter("en")), dpi=150).convert("L")
    turned = page.rotate(angle, expand=True, fillcolor=120).filter(ImageFilter.GaussianBlur(1.5))
    dim = ImageEnhance.Contrast(ImageEnhance.Brightness(turned).enhance(0.7)).enhance(0.6)
    noise = Image.frombytes("L", dim.size, random.Random(angle).randbytes(dim.width * dim.height))
    assert read_code(Image.blend(dim, noise, 0.1)) == URL


@pytest.mark.parametrize(
    "name", ["#set page(fill: red)", "*Ada* $x$ @ref <label>", '"); eval("1")', "Ада Лавлейс", "أدا"]
)
def test_a_name_is_printed_as_it_is(name: str) -> None:
    letter = write_letter("en")
    text = replace(letter.texts[0], rows=(("Name", name),))
    assert name in read_text(render(replace(letter, texts=(text,))))


def test_a_name_in_a_script_without_a_font_is_no_error() -> None:
    letter = write_letter("en")
    text = replace(letter.texts[0], rows=(("Name", "李小龍"),))
    pdf = open_pdf(replace(letter, texts=(text,)))
    assert bool(pdf.Root.MarkInfo.Marked)


def test_a_long_name_and_many_rows_stay_on_one_page() -> None:
    letter = write_letter("ar")
    rows = tuple((label, "Wolfeschlegelsteinhausenbergerdorff " * 3) for label, _ in letter.texts[0].rows * 2)
    texts = tuple(replace(text, rows=rows, title="نتيجة " * 8) for text in letter.texts)
    assert len(open_pdf(replace(letter, texts=texts)).pages) == 1
