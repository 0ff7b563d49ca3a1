"""Mutation testing of what decides whether something is tried again, or was done before (setup.cfg, [mutmut]):
the share of the changes to the code that some test notices. Ends with 1 below the share that is wanted.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

STATISTICS = Path("mutants/mutmut-cicd-stats.json")
AT_LEAST = 0.9


def main() -> int:
    for command in (["run"], ["export-cicd-stats"]):
        subprocess.run([sys.executable, "-m", "mutmut", *command], check=True, stdout=subprocess.DEVNULL)
    found = json.loads(STATISTICS.read_text())
    share = found["killed"] / found["total"]
    print(f"{found['killed']} of {found['total']} mutants killed: {share:.3f}, at least {AT_LEAST} wanted")
    if share < AT_LEAST:
        subprocess.run([sys.executable, "-m", "mutmut", "results"], check=True)
    return int(share < AT_LEAST)


if __name__ == "__main__":
    sys.exit(main())
