"""What codes and texts in laboratories' messages mean: codes.yaml, and the mappings of laboratory staff."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import yaml

from services.lab.gateway.messages.reports import Coding, Observation

FILE = Path(__file__).with_name("codes.yaml")
STANDARDS = ("LOINC", "SNOMED CT")
TESTS, OTHERS = "test", "other"
RESULTS = ("positive", "negative", "inconclusive", "unsatisfactory")


class Meaning(StrEnum):
    """What an observation is.

    Attributes:
        RESULT: a result of a test for SARS-CoV-2.
        OTHER: of another test, or an answer to a question of the order form.
    """

    RESULT = "result"
    OTHER = "other"
    UNKNOWN_TEST = "unknown_test"
    UNKNOWN_RESULT = "unknown_result"
    CONTRADICTION = "contradiction"


@dataclass(frozen=True)
class Evaluation:
    """Meaning of an observation.

    Attributes:
        result: positive, negative, inconclusive or unsatisfactory; empty unless the meaning is RESULT.
    """

    meaning: Meaning
    result: str = ""


@dataclass(frozen=True)
class Mapping:
    """Meaning that laboratory staff gave to a code or text of one sender.

    Attributes:
        key: of coding_key().
        meaning: test, other, or a result.
    """

    sender: str
    key: str
    meaning: str


class CodeTable:
    """Codes and texts with their meaning: `test`, `other`, or a result."""

    def __init__(self, content: dict[str, Any], mappings: Iterable[Mapping] = ()):
        self._systems = {alias: name for name, aliases in content["systems"].items() for alias in map(str, aliases)}
        self._tests = {("LOINC", code): TESTS for code in content["tests"]}
        self._tests |= {("LOINC", code): OTHERS for code in content["others"]}
        self._test_texts = {_normalise(text): TESTS for text in (*content["tests"].values(), *content["test_texts"])}
        others = (*content["others"].values(), *content["other_texts"])
        self._test_texts |= {_normalise(text): OTHERS for text in others}
        self._results = {
            (system, code): result for system, codes in content["results"].items() for code, result in codes.items()
        }
        self._result_texts = {text: result for result, texts in content["result_texts"].items() for text in texts}
        self._doubts = re.compile(rf"\b({'|'.join(content['doubts'])})")
        self._mappings = {(mapping.sender, mapping.key): mapping.meaning for mapping in mappings}

    def evaluate(self, observation: Observation, sender: str) -> Evaluation:
        """Return the meaning of an observation: all its codes and texts that are known must mean the same.

        A code of LOINC or SNOMED CT that isn't known, or a text with a word of doubt, makes it unknown.
        """
        tests = self._meanings(observation.tests, self._tests, self._test_texts, sender)
        if observation.is_question or tests == {OTHERS}:
            return Evaluation(Meaning.OTHER)
        if len(tests) > 1:
            return Evaluation(Meaning.CONTRADICTION)
        if not tests or self._has_unknown_code(observation.tests, self._tests, sender):
            return Evaluation(Meaning.UNKNOWN_TEST)
        results = self._meanings(observation.values, self._results, self._result_texts, sender)
        flags = {self._results.get(("HL7 0078", flag.code)) for flag in observation.flags if self._is_flag(flag)}
        flags.discard(None)
        if len(results | flags) > 1:
            return Evaluation(Meaning.CONTRADICTION)
        if self._has_unknown_code(observation.values, self._results, sender) or self._is_doubtful(observation, sender):
            return Evaluation(Meaning.UNKNOWN_RESULT)
        # a flag decides only where the message has no value that could say something else
        known = results or (set() if observation.values else flags)
        return Evaluation(Meaning.RESULT, str(known.pop())) if known else Evaluation(Meaning.UNKNOWN_RESULT)

    def _meanings(
        self,
        codings: Iterable[Coding],
        codes: dict[tuple[str, str], str],
        texts: dict[str, str],
        sender: str,
    ) -> set[str]:
        found: set[str] = set()
        for coding in codings:
            mapped = {self._mappings.get((sender, key), "") for key in (self.key_of(coding), _key_of_text(coding))}
            meanings = {*mapped, self._of_code(coding, codes), texts.get(_normalise(coding.text), "")}
            if not coding.system:
                # a text in the place of a code
                meanings.add(texts.get(_normalise(coding.code), ""))
            found |= meanings - {""}
        return found

    def _has_unknown_code(self, codings: Iterable[Coding], codes: dict[tuple[str, str], str], sender: str) -> bool:
        """Whether a code of a standard isn't in the table: its text alone may say less than the code."""
        return any(
            self._system_of(coding) in STANDARDS
            and (self._system_of(coding), coding.code) not in codes
            and not self._is_mapped(coding, sender)
            for coding in codings
            if coding.code
        )

    def _is_doubtful(self, observation: Observation, sender: str) -> bool:
        return any(
            self._has_doubt(coding) and (sender, _key_of_text(coding)) not in self._mappings
            for coding in observation.values
        )

    def _has_doubt(self, coding: Coding) -> bool:
        return bool(self._doubts.search(_normalise(coding.text)))

    def _is_mapped(self, coding: Coding, sender: str) -> bool:
        return (sender, self.key_of(coding)) in self._mappings

    def _of_code(self, coding: Coding, codes: dict[tuple[str, str], str]) -> str:
        if coding.system:
            return codes.get((self._system_of(coding), coding.code), "")
        # LOINC's and SNOMED CT's codes have check digits and identify themselves; the flags of table 0078 don't
        return codes.get(("LOINC", coding.code)) or codes.get(("SNOMED CT", coding.code)) or ""

    def _system_of(self, coding: Coding) -> str:
        return self._systems.get(coding.system.upper(), coding.system)

    def _is_flag(self, flag: Coding) -> bool:
        return not flag.system or self._system_of(flag) == "HL7 0078"

    def key_of(self, coding: Coding) -> str:
        """Return the key under which a coding is mapped: its system and code, or a text with a word of doubt."""
        if not coding.code or self._has_doubt(coding):
            return _key_of_text(coding)
        return f"{self._system_of(coding)}|{coding.code}"

    def find_unknown(self, codings: Sequence[Coding], kind: str, sender: str) -> Coding:
        """Return the first of the codings that isn't known, or the first one.

        Args:
            kind: test or result.
        """
        codes, texts = (self._tests, self._test_texts) if kind == "test" else (self._results, self._result_texts)
        unknown = (
            coding
            for coding in codings
            if not self._meanings([coding], codes, texts, sender)
            or self._has_unknown_code([coding], codes, sender)
            or (kind == "result" and self._has_doubt(coding))
        )
        return next(unknown, codings[0])


@functools.cache
def _load_file() -> dict[str, Any]:
    return yaml.safe_load(FILE.read_text(encoding="utf-8"))


def load_table(mappings: Iterable[Mapping] = ()) -> CodeTable:
    return CodeTable(_load_file(), mappings)


def _key_of_text(coding: Coding) -> str:
    return f"|{_normalise(coding.text)}"


def _normalise(text: str) -> str:
    return re.sub(r"\s+", " ", text).strip().lower()
