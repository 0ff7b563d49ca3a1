"""Patterns of forms. The time of each match is limited, because of catastrophic backtracking (CWE-1333).

regress doesn't release the GIL while it matches, so that it runs in a process of its own (matcher.py).
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
# with exponential backtracking 2**40 steps
REPEATED = 40
MAX_CHARACTERS = 30
LITERALS = re.compile(r"\^?((?:[\w:/@ -]|\\[^\w])+)(?![*+?{|])")


class PatternTooSlow(Exception):
    """The match wasn't completed within matcher.MAX_CPU_S."""


class Matcher:
    """Matches patterns in another process, which is started on demand."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None

    def matches(self, pattern: str, text: str) -> bool:
        """Whether the pattern is found in the text.

        Raises:
            PatternTooSlow: the match takes too long.
        """
        with self._lock:
            process = self._start()
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
        with self._lock:
            self._stop()

    def _start(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is not None:
            self._stop()
        if self._process is None:
            # -P: without this folder in sys.path; start_new_session: Ctrl-C in a terminal doesn't interrupt it
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
    """A JavaScript regular expression without flags.

    Raises:
        regress.RegressError: the source is invalid.
    """

    source: str

    def __post_init__(self) -> None:
        regress.Regex(javascript.split_surrogates(self.source))

    def matches(self, text: str) -> bool:
        """Whether the pattern is found in a text.

        Raises:
            PatternTooSlow: the match takes too long.
        """
        return _matcher.matches(javascript.split_surrogates(self.source), javascript.split_surrogates(text))

    def find_slow_text(self) -> str | None:
        """Return one of the candidates for which matching takes too long; None if there is none."""
        for text in self._slow_candidates():
            try:
                self.matches(text)
            except PatternTooSlow:
                return text
        return None

    def _slow_candidates(self) -> Iterator[str]:
        """Yield texts that cause backtracking in vulnerable patterns.

        Each repeats one or two characters of the pattern, with and without a character at the end that doesn't match,
        and with and without the pattern's literal prefix.
        """
        characters = list(dict.fromkeys(chain(filter(str.isalnum, self.source), "a0 -._@", self.source)))
        characters = characters[:MAX_CHARACTERS]
        pairs = ("".join(pair) for pair in product(characters, repeat=2))
        literals = LITERALS.match(self.source)
        beginnings = dict.fromkeys(("", re.sub(r"\\(.)", r"\1", literals[1]) if literals else ""))
        repeated = (each * REPEATED for each in chain(characters, pairs))
        yield from (f"{beginning}{each}{end}" for each in repeated for beginning in beginnings for end in ("", "\x01"))
