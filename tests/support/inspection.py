"""What is wrong with a page: by axe, at its width, and in its language."""

from __future__ import annotations

import re
from functools import cache

from playwright.sync_api import Page

from config.settings import ROOT
from tests.support.catalogues import catalogue
from tests.support.pictures import pictures_of
from webapp.languages import ENGLISH

AXE = ROOT / "node_modules/axe-core/axe.min.js"
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]},
    "rules": {"target-size": {"enabled": True}},
    "resultTypes": ["violations"],
}
PLACEHOLDER = re.compile(r"%\\\(\w+\\\)s|\\\{\w+\\\}")
# what is written in Latin letters everywhere: names, addresses, codes, time zones
LATIN = re.compile(r"CoronaCare|English|Français|\S+@\S+|[A-Z0-9-]{6,}|UTC")
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

# a copy has the attributes only, not what was typed
WRITE_DOWN = """() => {
    for (const e of document.querySelectorAll('input, textarea')) {
        if (e.type === 'radio' || e.type === 'checkbox') e.toggleAttribute('checked', e.checked);
        else if (e.tagName === 'TEXTAREA') e.textContent = e.value;
        else e.setAttribute('value', e.value);
    }
    for (const e of document.querySelectorAll('option')) e.toggleAttribute('selected', e.selected);
}"""


class Inspector:
    """Looks at one page after another.

    Args:
        page: with JavaScript, for axe; it is shown copies, so that the inspected page may do without.
    """

    def __init__(self, page: Page):
        self._page = page
        self.seen: dict[str, list[str]] = {}

    def looks_at(self, page: Page, state: str = "") -> None:
        page.wait_for_load_state()
        where = f"{page.url.split('/', 3)[3]} {page.locator('h1').inner_text()} {state}"
        page.evaluate(WRITE_DOWN)
        base = f'<head><base href="{page.url}">'
        self._page.set_content(re.sub("<meta http-equiv[^>]*>", "", page.content()).replace("<head>", base, 1))
        self.seen[where] = faults(self._page)
        language = self._page.locator("html").get_attribute("lang")
        pictures_of(self._page, f"{language}-{len(self.seen):03}")

    @property
    def faults(self) -> dict[str, list[str]]:
        return {where: found for where, found in self.seen.items() if found}


def faults(page: Page) -> list[str]:
    """What axe finds, what is wider than the page, and what isn't in the page's language."""
    page.evaluate(AXE.read_text() + "; 0")
    found = page.evaluate("rules => axe.run(document, rules)", RULES)
    here = [f"{item['id']}: {item['nodes'][0]['html'][:200]}" for item in found["violations"]]
    if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
        here.append("too wide")
    language = page.locator("html").get_attribute("lang")
    return here + [f"not translated: {text}" for text in page.evaluate(TEXTS) if is_foreign(text, language)]


def is_foreign(text: str, language: str) -> bool:
    """Whether a text of a page is left in English."""
    if language == ENGLISH:
        return False
    if language == "ar" and re.search("[A-Za-z]{2}", LATIN.sub("", text)):
        return True
    return _english(language).fullmatch(text) is not None


@cache
def _english(language: str) -> re.Pattern[str]:
    """Any text that is another in this language."""
    texts = [message.id for message in catalogue(language) if message.id and message.id != message.string]
    patterns = [PLACEHOLDER.sub(".+", re.escape(text)) for text in texts if re.search("[a-z]{3}", text.split("%")[0])]
    return re.compile("|".join(patterns))
