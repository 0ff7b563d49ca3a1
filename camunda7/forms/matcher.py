"""The process that matches patterns, as patterns.py starts it: a line of JSON, [pattern, text], is answered by 1 or 0.

A match that takes longer than MAX_CPU_S ends the process: regress can't be interrupted, but SIGPROF's default action
works without its parent. It measures the processor's time, so that a busy machine makes no pattern slow.
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
