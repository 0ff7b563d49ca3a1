"""Ids and names of the diagrams' and decisions' elements that code uses: one enumeration per BPMN element type.

A contract test checks each member against the diagrams, and that other code contains no literal of them.
"""

from __future__ import annotations

from enum import StrEnum


class Process(StrEnum):
    """Process definition keys, in the order in which a case reaches them."""

    CORONA_CARE = "corona_care"
    TAKE_SAMPLE = "take_sample"
    TEST_SAMPLE = "test_sample"
    TRACE_CONTACTS = "trace_contacts"
    WATCH_AT_HOME = "watch_at_home"
    CALL_PATIENT = "call_patient"
    TELL_BY_TELEPHONE = "tell_by_telephone"
    CHECK_LAB_RESULT = "check_lab_result"


class Decision(StrEnum):
    MAJOR_SEVERITY = "major_severity"


class Message(StrEnum):
    """Names of the messages that the platform sends to cases."""

    EMERGENCY_SIGNS_REPORTED = "emergency_signs_reported"
    KIT_GRANTED = "kit_granted"
    LAB_RESULT_RECEIVED = "lab_result_received"
    EARLIER_RESULT_RECEIVED = "earlier_result_received"
    LAB_RESULT_CORRECTED = "lab_result_corrected"
    CLOSED_CASE_CORRECTED = "closed_case_corrected"
    SYMPTOMS_WORSENED = "symptoms_worsened"
    CASE_WITHDRAWN = "case_withdrawn"
    INBOX_ITEM_FOUND = "inbox_item_found"
    INBOX_ITEM_CLOSED = "inbox_item_closed"


class UserTask(StrEnum):
    ASSESS_BY_HAND = "Task_AssessByHand"
    CALL_PATIENT = "Task_CallPatient"
    CALL_SILENT_PATIENT = "Task_CallSilentPatient"
    CALL_WATCHED_PATIENT = "Task_CallWatchedPatient"
    DAILY_REPORT = "Task_DailyReport"
    CHECK_RESULT = "Task_CheckResult"
    CORRECT_BARCODE = "Task_CorrectBarcode"
    FILL_IN_CLOSE_CONTACTS = "Task_FillInCloseContacts"
    FILL_IN_MEDICAL_FORM = "Task_FillInMedicalForm"
    REQUEST_EVALUATION = "Task_RequestEvaluation"
    REVIEW_CORONA_CARE = "Task_ReviewCoronaCare"
    SET_PRIORITY_BY_HAND = "Task_SetPriorityByHand"
    VISIT_PATIENT = "Task_VisitPatient"
    VISIT_SILENT_PATIENT = "Task_VisitSilentPatient"
    WRITE_DOCTORS_REPORT = "Task_WriteDoctorsReport"


class ServiceTask(StrEnum):
    CHECK_CONTACTS = "Task_CheckContacts"
    CORRECT_CASE = "Task_CorrectCase"
    ORDER_LAB_TEST = "Task_OrderLabTest"
    RELEASE_CASE = "Task_ReleaseCase"
    RELEASE_CORRECTED_CASE = "Task_ReleaseCorrectedCase"
    RESERVE_TEST_KIT = "Task_ReserveTestKit"
    TELL_RESULT = "Task_TellResult"


class ReceiveTask(StrEnum):
    WAIT_FOR_TEST_RESULT = "Task_WaitForTestResult"


class BusinessRuleTask(StrEnum):
    ASSESS_DAY = "Task_AssessDay"
    ASSESS_RISK = "Task_AssessRisk"
    ASSESS_WORSENING = "Task_AssessWorsening"
    SET_PRIORITY = "Task_SetPriority"


class IntermediateCatchEvent(StrEnum):
    REPORT_HOUR = "Event_ReportHour"


class CallActivity(StrEnum):
    CALL_RED_PATIENT = "Task_CallRedPatient"
    TAKE_SAMPLE = "Task_TakeSample"
    TEST_SAMPLE = "Task_TestSample"
    WATCH_AT_HOME = "Task_WatchAtHome"


class SubProcess(StrEnum):
    CORRECTION = "SubProcess_Correction"
    NOTIFY_CONTACT = "SubProcess_NotifyContact"
    REPORT = "SubProcess_Report"
    TRACING = "SubProcess_Tracing"
    WATCH = "SubProcess_Watch"


class EventBasedGateway(StrEnum):
    WAIT_FOR_KIT = "Gateway_WaitForKit"


class BoundaryEvent(StrEnum):
    REPORT_MISSING = "Event_ReportMissing"
    RESULT_LATE = "Event_ResultLate"


# enumerations of flow nodes, whose values are element ids
FLOW_NODES: tuple[type[StrEnum], ...] = (
    UserTask,
    ServiceTask,
    ReceiveTask,
    BusinessRuleTask,
    IntermediateCatchEvent,
    CallActivity,
    SubProcess,
    EventBasedGateway,
    BoundaryEvent,
)
