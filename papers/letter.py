"""Letters as tagged PDF (PDF/UA-1) of one page, in the patient's language, with English beside it."""

from __future__ import annotations

import functools
import io
import json
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

import segno
import typst

TEMPLATE = Path(__file__).with_name("letter.typ")
FONTS = Path(__file__).with_name("fonts")
ENGLISH = "en"


@dataclass(frozen=True)
class Text:
    """The words of a letter in one language.

    Attributes:
        language: its code, such as `fr`.
        rows: label and value of each fact.
        code: what the picture of the code is, for readers who can't see it.
    """

    language: str
    title: str
    dated: str
    statement: str
    rows: tuple[tuple[str, str], ...]
    check: str
    code: str
    contact: str


@dataclass(frozen=True)
class Letter:
    """A letter.

    Attributes:
        issuer: name of the issuer, and the lines of its address.
        texts: in the patient's language, and in English unless that is the patient's.
        url: of the page that says whether the letter still holds.
        at: when it is issued.
    """

    issuer: tuple[str, ...]
    texts: tuple[Text, ...]
    url: str
    at: datetime


def render(letter: Letter) -> bytes:
    """Return the letter as PDF.

    A name in a script that no font of ours has can't be in a PDF/UA: then it is a tagged PDF without that claim.
    """
    # values reach the template as data, which Typst doesn't interpret as markup
    content = {**asdict(letter), "at": letter.at.isoformat(), "picture": _draw_code(letter.url)}
    try:
        return _compile(json.dumps(content), letter.at, ["ua-1"])
    except typst.TypstError as error:
        if "could not be displayed" not in error.message:
            raise
        return _compile(json.dumps(content), letter.at, [])


def _compile(content: str, at: datetime, standards: list[typst.PDFStandard]) -> bytes:
    # by its path: of a template that is passed as bytes, Typst keeps what it has computed for each letter
    return typst.compile(
        TEMPLATE,
        font_paths=_load_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"letter": content},
        pdf_standards=standards,
        timestamp=int(at.timestamp()),
    )


@functools.cache
def _load_fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=[FONTS])


def _draw_code(url: str) -> str:
    """Return a QR code as SVG; a seventh of it may be damaged (error correction M).

    With more correction its modules are smaller, and a blurred photograph of it is read less often.
    """
    drawn = io.BytesIO()
    segno.make_qr(url, error="m").save(drawn, kind="svg", border=4, xmldecl=False)
    return drawn.getvalue().decode()
