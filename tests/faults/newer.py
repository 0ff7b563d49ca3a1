"""A version of the diagrams in which a step is called otherwise, one is gone, one is new, and a form is another."""

from __future__ import annotations

import re
from collections.abc import Mapping

from camunda7.release.hints import Hints

RENAMED, NOW = "Task_FillInMedicalForm", "Task_SendMedicalForm"
GONE = "Task_PublishReport"
# the way on from it is gone with it
WAY_ON = "Flow_PublishReport_StillToTrace"
# waits as long as a variable says that no case had before; another wait like it is at the edge of the renamed step
NEW, REMINDER = "Event_ReviewWanted", "Event_FormWantedSoon"
WAIT = "review_wanted_after"
HINTS = {"corona_care": Hints(steps={RENAMED: NOW}, variables={WAIT: "PT1S"})}

TIMER = f"""<bpmn:timerEventDefinition>
  <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">${{{WAIT}}}</bpmn:timeDuration>
</bpmn:timerEventDefinition>"""
WAITS = f"""<bpmn:intermediateCatchEvent id="{NEW}" name="Review wanted">{TIMER}</bpmn:intermediateCatchEvent>
<bpmn:sequenceFlow id="Flow_ReviewWanted" sourceRef="{NEW}" targetRef="Task_ReviewCoronaCare" />
"""
REMINDS = f"""<bpmn:boundaryEvent id="{REMINDER}" attachedToRef="{NOW}" cancelActivity="false">
  {TIMER}
</bpmn:boundaryEvent>
<bpmn:endEvent id="Event_Reminded" name="Reminded" />
<bpmn:sequenceFlow id="Flow_Reminded" sourceRef="{REMINDER}" targetRef="Event_Reminded" />
"""


def newer(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of the newer version. What is new isn't drawn: the engine doesn't ask for it."""
    diagram = files["corona_care.bpmn"].decode().replace(RENAMED, NOW)
    diagram = _once(rf'(<bpmn:userTask id="{NOW}")', REMINDS + r"\1", diagram)
    diagram = _once(r'(<bpmn:userTask id="Task_ReviewCoronaCare")', WAITS + r"\1", diagram)
    diagram = _once(r'(id="Flow_CareCompleted_ReviewCoronaCare".* targetRef)="\w+"', rf'\1="{NEW}"', diagram)
    diagram = _once(rf'targetRef="{GONE}"', 'targetRef="Gateway_StillToTrace"', diagram)
    diagram = _once(rf'(?s)<bpmn:serviceTask id="{GONE}".*?</bpmn:serviceTask>', "", diagram)
    diagram = _once(rf'<bpmn:sequenceFlow id="{WAY_ON}".*?/>', "", diagram)
    for kind, element in (("Shape", GONE), ("Edge", WAY_ON)):
        drawn = rf'(?s)<bpmndi:BPMN{kind} [^>]*bpmnElement="{element}">.*?</bpmndi:BPMN{kind}>'
        diagram = _once(drawn, "", diagram)
    form = _once('"label": "Your rating"', '"label": "Your opinion"', files["review.form"].decode())
    return {**files, "corona_care.bpmn": diagram.encode(), "review.form": form.encode()}


def _once(pattern: str, new: str, text: str) -> str:
    text, count = re.subn(pattern, new, text)
    assert count == 1, (pattern, count)
    return text
