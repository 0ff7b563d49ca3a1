"""Papers as their readers have them: downloaded, drawn by PDFium, and their code read by ZXing."""

from __future__ import annotations

from typing import Any

import pypdfium2
import zxingcpp
from PIL import Image
from requests import Response

from camunda7.forms.browser import Browser
from records.access import Access
from tests.support.case import NO_SYMPTOMS, CaseUnderTest

BORN = NO_SYMPTOMS["date_of_birth"]


def sign_in(state: dict[str, Any], case: CaseUnderTest, access: Access, language: str = "en") -> Browser:
    """A browser in which the case is open."""
    browser = Browser(state["webapp"], language=language)
    credentials = {"access_code": access.create_code(case.reference, BORN), "date_of_birth": BORN}
    browser.send(browser.open("/sign-in"), credentials)
    return browser


def get(browser: Browser, path: str) -> Response:
    """The response to a request, as it is."""
    responses: list[Response] = []
    browser.listen(responses.append)
    browser.open(path)
    return responses[-1]


def download(browser: Browser, kind: str) -> bytes:
    response = get(browser, f"/case/papers/{kind}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "application/pdf")
    return response.content


def draw(pdf: bytes, dpi: int = 150) -> Image.Image:
    """Draw the first page of a PDF."""
    return pypdfium2.PdfDocument(pdf)[0].render(scale=dpi / 72).to_pil()


def read_text(pdf: bytes) -> str:
    """The text of all pages, in one line."""
    document = pypdfium2.PdfDocument(pdf)
    return " ".join(" ".join(page.get_textpage().get_text_range().split()) for page in document)


def read_code(picture: Image.Image) -> str:
    """The text of the only code in a picture."""
    [found] = zxingcpp.read_barcodes(picture)
    return found.text
