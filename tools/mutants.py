"""Mutation testing of the code for retries and idempotency (setup.cfg, [mutmut]).

Prints the share of mutants that the tests kill; the exit status is 1 if it is below MIN_KILLED_SHARE.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

STATISTICS = Path("mutants/mutmut-cicd-stats.json")
MIN_KILLED_SHARE = 0.9


def main() -> int:
    for command in (["run"], ["export-cicd-stats"]):
        subprocess.run([sys.executable, "-m", "mutmut", *command], check=True, stdout=subprocess.DEVNULL)
    found = json.loads(STATISTICS.read_text())
    share = found["killed"] / found["total"]
    print(f"{found['killed']} of {found['total']} mutants killed: {share:.3f}, minimum {MIN_KILLED_SHARE}")
    if share < MIN_KILLED_SHARE:
        subprocess.run([sys.executable, "-m", "mutmut", "results"], check=True)
    return int(share < MIN_KILLED_SHARE)


if __name__ == "__main__":
    sys.exit(main())
