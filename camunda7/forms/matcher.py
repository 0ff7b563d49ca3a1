"""Process that matches patterns, started by patterns.py: it answers each line of JSON, [pattern, text], by 1 or 0.

A match that takes longer than MAX_CPU_S terminates the process: regress can't be interrupted, but the default action of
SIGPROF doesn't need the interpreter. The timer counts CPU time, so that a match isn't slower on a busy machine.
"""

from __future__ import annotations

import json
import signal
import sys
from functools import lru_cache

import regress

MAX_CPU_S = 0.25

regex = lru_cache(maxsize=200)(regress.Regex)


def main() -> None:
    for line in sys.stdin:
        pattern, text = json.loads(line)
        signal.setitimer(signal.ITIMER_PROF, MAX_CPU_S)
        found = regex(pattern).find(text) is not None
        signal.setitimer(signal.ITIMER_PROF, 0)
        print(int(found), end="", flush=True)


if __name__ == "__main__":
    main()
