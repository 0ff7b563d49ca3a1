"""A small process in two versions, with a step of each kind that a migration treats differently."""

from __future__ import annotations

from typing import Any

PROBE = "probe"
BEFORE = {
    "ask": "Task_Ask",
    "each": "Task_Each",
    "topic": "probe.work",
    "message": "probe_wanted",
    "late": "P7D",
    "rises": "R/PT6H",
    "removed": "Task_Gone",
}
# renamed step, renamed multi-instance step, other topic, other message, other duration, removed step, new variable
AFTER = {
    "ask": "Task_Request",
    "each": "Task_Every",
    "topic": "probe.work_elsewhere",
    "message": "probe_asked_for",
    "late": "P9D",
    "rises": "R/PT6H",
    "removed": "Task_Other",
    "reminder": "${reminder_after}",
}

FILE = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="probe_definitions" targetNamespace="http://coronacare.org/tests">
  <bpmn:message id="Message_Probe" name="{message}" />
  <bpmn:process id="probe" name="Probe" isExecutable="true" camunda:historyTimeToLive="P1D">
    {steps}
  </bpmn:process>
</bpmn:definitions>
"""
STEPS = """<bpmn:startEvent id="Start" />
<bpmn:userTask id="{ask}" name="Ask" />
<bpmn:userTask id="{removed}" name="Obsolete" />
<bpmn:userTask id="{each}" name="Ask each">
  <bpmn:multiInstanceLoopCharacteristics>
    <bpmn:loopCardinality xsi:type="bpmn:tFormalExpression">2</bpmn:loopCardinality>
  </bpmn:multiInstanceLoopCharacteristics>
</bpmn:userTask>
<bpmn:serviceTask id="Task_Work" name="Work" camunda:type="external" camunda:topic="{topic}" />
<bpmn:receiveTask id="Task_Wait" name="Wait" messageRef="Message_Probe" />
<bpmn:boundaryEvent id="Event_Late" attachedToRef="Task_Wait">
  <bpmn:timerEventDefinition>
    <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{late}</bpmn:timeDuration>
  </bpmn:timerEventDefinition>
</bpmn:boundaryEvent>
<bpmn:userTask id="Task_Keep" name="Keep">
  <bpmn:extensionElements>
    <camunda:taskListener event="timeout" id="Keep_Rises" expression="${{task.setPriority(task.getPriority() + 1)}}">
      <bpmn:timerEventDefinition>
        <bpmn:timeCycle xsi:type="bpmn:tFormalExpression">{rises}</bpmn:timeCycle>
      </bpmn:timerEventDefinition>
    </camunda:taskListener>
  </bpmn:extensionElements>
</bpmn:userTask>
<bpmn:endEvent id="End" />
"""
REMINDER = """<bpmn:boundaryEvent id="Event_Reminder" attachedToRef="{ask}" cancelActivity="false">
  <bpmn:timerEventDefinition>
    <bpmn:timeDuration xsi:type="bpmn:tFormalExpression">{reminder}</bpmn:timeDuration>
  </bpmn:timerEventDefinition>
</bpmn:boundaryEvent>
<bpmn:sequenceFlow id="Flow_Reminder" sourceRef="Event_Reminder" targetRef="End" />
"""


def create_diagram(version: dict[str, Any]) -> bytes:
    """The diagram of a version: each step leads to the end, and tests start cases at any step."""
    steps = [version["ask"], version["removed"], version["each"], "Task_Work", "Task_Wait", "Task_Keep", "Event_Late"]
    flows = [f'<bpmn:sequenceFlow id="Flow_{each}" sourceRef="{each}" targetRef="End" />' for each in steps]
    flows.append(f'<bpmn:sequenceFlow id="Flow_Start" sourceRef="Start" targetRef="{version["ask"]}" />')
    body = STEPS.format(**version) + "".join(flows)
    if "reminder" in version:
        body += REMINDER.format(**version)
    return FILE.format(message=version["message"], steps=body).encode()
