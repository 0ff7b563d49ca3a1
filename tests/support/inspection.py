"""Checks of a page: accessibility (axe), horizontal overflow, untranslated texts."""

from __future__ import annotations

import re
from functools import cache

from playwright.sync_api import Page

from config.settings import ROOT
from tests.support.catalogues import catalogue
from tests.support.screenshots import take_screenshots
from webapp.languages import ENGLISH

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
PLACEHOLDER = re.compile(r"%\\\(\w+\\\)s|\\\{\w+\\\}")
# texts in Latin letters in every language: names, addresses, codes, time zones, file formats
LATIN = re.compile(r"CoronaCare|English|Français|\S+@\S+|[A-Z0-9-]{6,}|UTC|PDF")
TEXTS = """() => {
    const walker = document.createTreeWalker(document.documentElement, NodeFilter.SHOW_TEXT);
    const texts = [];
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        const text = walker.currentNode.data.trim();
        if (text && !parent.closest('script, textarea, .languages, .free-text')) texts.push(text);
    }
    return texts;
}"""

# page.content() has attributes only: copy the current values of the fields into them
COPY_VALUES_TO_ATTRIBUTES = """() => {
    for (const e of document.querySelectorAll('input, textarea')) {
        if (e.type === 'radio' || e.type === 'checkbox') e.toggleAttribute('checked', e.checked);
        else if (e.tagName === 'TEXTAREA') e.textContent = e.value;
        else e.setAttribute('value', e.value);
    }
    for (const e of document.querySelectorAll('option')) e.toggleAttribute('selected', e.selected);
}"""


# elements that end beyond the page's right edge, but for those in something that scrolls
TOO_WIDE = """() => [...document.querySelectorAll('body *')]
    .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1)
    .filter(e => !['auto', 'scroll', 'hidden'].includes(getComputedStyle(e.parentElement).overflowX))
    .map(e => e.outerHTML.slice(0, 120)).slice(0, 5)"""


class Inspector:
    """Checks pages, and collects their violations.

    Args:
        page: with JavaScript, for axe; it loads copies of the inspected pages, which may be without JavaScript.

    Attributes:
        violations_by_page: violations by path, heading and state of each inspected page; an empty list if it has none.
    """

    def __init__(self, page: Page):
        self._page = page
        self.violations_by_page: dict[str, list[str]] = {}

    def inspect(self, page: Page, state: str = "") -> None:
        page.wait_for_load_state()
        where = f"{page.url.split('/', 3)[3]} {page.locator('h1').inner_text()} {state}"
        page.evaluate(COPY_VALUES_TO_ATTRIBUTES)
        base = f'<head><base href="{page.url}">'
        self._page.set_content(re.sub("<meta http-equiv[^>]*>", "", page.content()).replace("<head>", base, 1))
        self.violations_by_page[where] = find_violations(self._page)
        language = self._page.locator("html").get_attribute("lang")
        take_screenshots(self._page, f"{language}-{len(self.violations_by_page):03}")

    @property
    def violations(self) -> dict[str, list[str]]:
        return {where: found for where, found in self.violations_by_page.items() if found}


def find_violations(page: Page) -> list[str]:
    """Check the current page: violations that axe finds, horizontal overflow, and texts left in English."""
    page.evaluate(AXE.read_text() + "; 0")
    report = page.evaluate("rules => axe.run(document, rules)", RULES)
    found = [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in report["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        found.append(f"too wide: {page.evaluate(TOO_WIDE)}")
    language = page.locator("html").get_attribute("lang")
    return found + [f"not translated: {text}" for text in page.evaluate(TEXTS) if is_untranslated(text, language)]


def is_untranslated(text: str, language: str) -> bool:
    """Whether a text of a page in this language is in English."""
    if language == ENGLISH:
        return False
    if language == "ar" and re.search("[A-Za-z]{2}", LATIN.sub("", text)):
        return True
    return _english(language).fullmatch(text) is not None


@cache
def _english(language: str) -> re.Pattern[str]:
    """A pattern of all English messages whose translation differs from them."""
    texts = [message.id for message in catalogue(language) if message.id and message.id != message.string]
    patterns = [PLACEHOLDER.sub(".+", re.escape(text)) for text in texts if re.search("[a-z]{3}", text.split("%")[0])]
    return re.compile("|".join(patterns))
