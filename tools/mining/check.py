"""Read an event log with pm4py; prints its numbers of cases, events and objects as JSON. Runs in .venv-mining."""

import json
import sys

import pm4py

path = sys.argv[1]
if path.endswith(".xes"):
    log = pm4py.read_xes(path)
    print(json.dumps({"cases": log["case:concept:name"].nunique(), "events": len(log)}))
else:
    ocel = pm4py.read_ocel2_json(path)
    objects = ocel.objects["ocel:type"].value_counts().to_dict()
    print(json.dumps({"events": len(ocel.events), "objects": objects, "relations": len(ocel.relations)}))
