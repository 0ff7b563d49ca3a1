"""A newer version of the diagrams: a step has a new id, one is removed, two events are added, and a form is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping

from camunda7.release.hints import Hints

OLD_ID, NEW_ID = "Task_FillInMedicalForm", "Task_SendMedicalForm"
REMOVED = "Task_PublishReport"
# the sequence flow from the removed step is removed, too
REMOVED_FLOW = "Flow_PublishReport_StillToTrace"
# timer events with the duration of a new variable: an intermediate one, and a boundary event at the renamed step
NEW_EVENT, REMINDER = "Event_ReviewWanted", "Event_FormWantedSoon"
NEW_VARIABLE = "review_wanted_after"
HINTS = {"corona_care": Hints(steps={OLD_ID: NEW_ID}, variables={NEW_VARIABLE: "PT1S"})}

TIMER = f"""<bpmn:timerEventDefinition>
  <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">${{{NEW_VARIABLE}}}</bpmn:timeDuration>
</bpmn:timerEventDefinition>"""
NEW_EVENT_XML = f"""<bpmn:intermediateCatchEvent id="{NEW_EVENT}" name="Review wanted">
{TIMER}</bpmn:intermediateCatchEvent>
<bpmn:sequenceFlow id="Flow_ReviewWanted" sourceRef="{NEW_EVENT}" targetRef="Task_ReviewCoronaCare" />
"""
REMINDER_XML = f"""<bpmn:boundaryEvent id="{REMINDER}" attachedToRef="{NEW_ID}" cancelActivity="false">
  {TIMER}
</bpmn:boundaryEvent>
<bpmn:endEvent id="Event_Reminded" name="Reminded" />
<bpmn:sequenceFlow id="Flow_Reminded" sourceRef="{REMINDER}" targetRef="Event_Reminded" />
"""


def create_newer_version(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the files of the newer version. The new events have no shapes: the engine doesn't need them."""
    diagram = files["corona_care.bpmn"].decode().replace(OLD_ID, NEW_ID)
    diagram = _replace_once(rf'(<bpmn:userTask id="{NEW_ID}")', REMINDER_XML + r"\1", diagram)
    diagram = _replace_once(r'(<bpmn:userTask id="Task_ReviewCoronaCare")', NEW_EVENT_XML + r"\1", diagram)
    flow = r'(id="Flow_CareCompleted_ReviewCoronaCare".* targetRef)="\w+"'
    diagram = _replace_once(flow, rf'\1="{NEW_EVENT}"', diagram)
    diagram = _replace_once(rf'targetRef="{REMOVED}"', 'targetRef="Gateway_StillToTrace"', diagram)
    diagram = _replace_once(rf'(?s)<bpmn:serviceTask id="{REMOVED}".*?</bpmn:serviceTask>', "", diagram)
    diagram = _replace_once(rf'<bpmn:sequenceFlow id="{REMOVED_FLOW}".*?/>', "", diagram)
    for kind, element in (("Shape", REMOVED), ("Edge", REMOVED_FLOW)):
        shape = rf'(?s)<bpmndi:BPMN{kind} [^>]*bpmnElement="{element}">.*?</bpmndi:BPMN{kind}>'
        diagram = _replace_once(shape, "", diagram)
    form = _replace_once('"label": "Your rating"', '"label": "Your opinion"', files["review.form"].decode())
    return {**files, "corona_care.bpmn": diagram.encode(), "review.form": form.encode()}


def _replace_once(pattern: str, new: str, text: str) -> str:
    text, count = re.subn(pattern, new, text)
    assert count == 1, (pattern, count)
    return text
