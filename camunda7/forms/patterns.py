"""The patterns of forms. Each match is bounded in time: one that backtracks without end (CWE-1333) stops no page.

regress holds Python's global lock while it matches, so it does so in a process of its own, see matcher.py.
"""

from __future__ import annotations

import atexit
import json
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, product
from pathlib import Path

import regress

from camunda7.expressions import javascript

PROGRAM = Path(__file__).with_name("matcher.py")
# repetitions with which one that doubles the steps takes for ever
REPEATED = 40
MAX_CHARACTERS = 30
LITERALS = re.compile(r"\^?((?:[\w:/@ -]|\\[^\w])+)(?![*+?{|])")


class PatternTooSlow(Exception):
    """Whether the pattern matches wasn't found in time."""


class Matcher:
    """Matches in a process of its own, which is started when it is needed."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def matches(self, pattern: str, text: str) -> bool:
        """Whether the pattern is found in the text.

        Raises:
            PatternTooSlow: that can't be found in time.
        """
        with self._guard:
            process = self._running()
            assert process.stdin, "it has a pipe"
            assert process.stdout, "it has a pipe"
            try:
                process.stdin.write(json.dumps([pattern, text]).encode() + b"\n")
                answer = process.stdout.read(1)
            except BrokenPipeError:
                answer = b""
            if not answer:
                self._stop()
                raise PatternTooSlow
            return answer == b"1"

    def stop(self) -> None:
        with self._guard:
            self._stop()

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._process is None:
            # without our folder on the path (-P); Ctrl-C in a terminal is not for it
            command = [sys.executable, "-P", str(PROGRAM)]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, bufsize=0, stdin=pipe, stdout=pipe, start_new_session=True)
        return self._process

    def _stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


_matcher = Matcher()
atexit.register(_matcher.stop)


@dataclass(frozen=True)
class Pattern:
    """A regular expression of JavaScript, without flags.

    Raises:
        regress.RegressError: it isn't one.
    """

    source: str

    def __post_init__(self) -> None:
        regress.Regex(javascript.split_pairs(self.source))

    def matches(self, text: str) -> bool:
        """Whether it is found in a text.

        Raises:
            PatternTooSlow: that can't be found in time.
        """
        return _matcher.matches(javascript.split_pairs(self.source), javascript.split_pairs(text))

    def find_slow_text(self) -> str | None:
        """A text for which matching takes too long, of those that usually show it; None if there is none of them."""
        for text in self._suspects():
            try:
                self.matches(text)
            except PatternTooSlow:
                return text
        return None

    def _suspects(self) -> Iterator[str]:
        """One or two of its characters again and again, then one that doesn't fit; after its literal beginning, too."""
        characters = list(dict.fromkeys(chain(filter(str.isalnum, self.source), "a0 -._@", self.source)))
        characters = characters[:MAX_CHARACTERS]
        pairs = ("".join(pair) for pair in product(characters, repeat=2))
        literals = LITERALS.match(self.source)
        beginnings = dict.fromkeys(("", re.sub(r"\\(.)", r"\1", literals[1]) if literals else ""))
        repeated = (each * REPEATED for each in chain(characters, pairs))
        yield from (f"{beginning}{each}{end}" for each in repeated for beginning in beginnings for end in ("", "\x01"))
