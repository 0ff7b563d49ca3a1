"""Takes patients through a part of their pathway by 0.1.0's own code, for test_upgrade.py; run in a checkout of 0.1.0.

Arguments: the forms to stop at. Standard input: the platform, as in .run/state.json. Standard output: by form the case
reference and the access code, as JSON.
"""

import json
import re
import sys

from stack.demo import Demo
from stack.pilot import Pilot
from stack.replay import Replay, Walk

ACCESS_CODE = re.compile(r'class="access-code"[^>]*>([^<]+)<')

replay = Replay(json.load(sys.stdin))
patients = Pilot.read(Demo.PILOT).patients
positive = next(each for each in patients if each.get("lab_result") == "positive" and "lab_correction" not in each)
cases = {}
for number, form in enumerate(sys.argv[1:], 1):
    walk, codes = Walk(replay, positive, number), []
    walk._browser.listen(lambda answer, codes=codes: codes.extend(ACCESS_CODE.findall(answer.text)))
    walk.to_form(form)
    cases[form] = [walk.reference, *codes]
print(json.dumps(cases))
