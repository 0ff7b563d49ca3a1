"""The message catalogues of the pages' translations."""

from __future__ import annotations

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from config.settings import ROOT

TRANSLATIONS = ROOT / "webapp" / "translations"


def catalogue(language: str) -> Catalog:
    with (TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)
