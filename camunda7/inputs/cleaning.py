"""Cleans typed and pasted text before it is validated.

Pasted text carries invisible characters (zero-width spaces, byte order marks, bidi controls), spaces and dashes of many
kinds, and digits of the writer's script. Source: Unicode Character Database, general categories.
"""

from __future__ import annotations

import re
import unicodedata

# format characters that are visible: signs over or before a number (Unicode property Prepended_Concatenation_Mark)
_VISIBLE_FORMAT = frozenset("\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd")
# invisible, although Unicode classifies them as letters, marks and symbols: fillers, and the blank of Braille
_BLANK = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# zero-width non-joiner and joiner shape Arabic, Persian and Indic words, and join emoji
_JOINERS = re.compile("[\u200c\u200d]+")
_FIRST_JOINED = "\u0590"
_HYPHENS = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"), "-")
_MINUS_SIGNS = "\u02d7\u2043\u2212"
_ARABIC_DECIMAL_SEPARATOR = "\u066b"
_FULL_WIDTH = range(0xFF01, 0xFF5F)
_FULL_WIDTH_OFFSET = 0xFEE0


def clean_text(text: str) -> str:
    """Clean a text of several lines: without invisible characters, with ordinary spaces, trimmed.

    Empty if no visible character remains.
    """
    return _visible(_JOINERS.sub(_kept_joiner, text.replace("\r\n", "\n").translate(_TEXT)))


def clean_line(text: str) -> str:
    """Clean a text of one line, such as a name: like clean_text(), with ordinary hyphens."""
    return re.sub(r"[\n\t]", " ", clean_text(text)).translate(_HYPHENS)


def clean_code(text: str) -> str:
    """Clean a number, day, telephone number, e-mail address or access code: one line, with ASCII digits and signs."""
    return _visible(_JOINERS.sub("", text.translate(_TEXT)).translate(_CODE).replace("\n", " "))


def _visible(text: str) -> str:
    return text.strip() if any(unicodedata.category(each)[0] in "LNPS" for each in text) else ""


def _kept_joiner(found: re.Match[str]) -> str:
    """Return the first joiner between two letters or emoji that it may shape; empty elsewhere."""
    text, before, after = found.string, found.start() - 1, found.end()
    return found[0][0] if before >= 0 and after < len(text) and _is_joined(text[before], text[after]) else ""


def _is_joined(*neighbours: str) -> bool:
    return all(
        each >= _FIRST_JOINED and unicodedata.category(each) in ("Lo", "Lm", "Mn", "Mc", "So", "Sk")
        for each in neighbours
    )


class _Table(dict[int, str]):
    """A table for str.translate() that computes and caches the entry of each character on demand."""

    def __missing__(self, code: int) -> str:
        self[code] = self.translated(chr(code))
        return self[code]

    def translated(self, character: str) -> str:
        """Return the replacement of a character."""
        raise NotImplementedError


class _TextTable(_Table):
    def translated(self, character: str) -> str:
        category = unicodedata.category(character)
        if character in "\x00\t\n\u200c\u200d" or character in _VISIBLE_FORMAT:
            return character
        if character in "\r\x0b\x0c\x85" or category in ("Zl", "Zp"):
            return "\n"
        if category == "Zs":
            return " "
        return "" if category in ("Cc", "Cf") or character in _BLANK else character


class _CodeTable(_Table):
    def translated(self, character: str) -> str:
        if unicodedata.category(character) == "Nd":
            return str(unicodedata.decimal(character))
        if unicodedata.category(character) == "Pd" or character in _MINUS_SIGNS:
            return "-"
        if character == _ARABIC_DECIMAL_SEPARATOR:
            return "."
        is_full_width = ord(character) in _FULL_WIDTH
        return chr(ord(character) - _FULL_WIDTH_OFFSET) if is_full_width else character


_TEXT, _CODE = _TextTable(), _CodeTable()
