"""What drHEADer's rules find in the headers that are given on standard input, as JSON; runs in .venv-headers."""

import json
import sys

from drheader import Drheader

print(json.dumps(Drheader(headers=json.load(sys.stdin)).analyze()))
