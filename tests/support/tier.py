"""Numbers of repetitions in `make test` and `make verify`."""

import os

# set by tests/run.py
VERIFY = "VERIFY"


def rounds(test: int, verify: int) -> int:
    return verify if os.environ.get(VERIFY) else test
