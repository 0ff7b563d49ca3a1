"""Check HTTP headers, given as JSON on standard input, by drHEADer's rules; prints JSON. Runs in .venv-headers."""

import json
import sys

from drheader import Drheader

print(json.dumps(Drheader(headers=json.load(sys.stdin)).analyze()))
