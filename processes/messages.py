"""The messages that the platform sends to cases, as the diagrams name them."""

from __future__ import annotations

from enum import StrEnum


class Message(StrEnum):
    EMERGENCY_SIGNS_REPORTED = "emergency_signs_reported"
    KIT_GRANTED = "kit_granted"
    LAB_RESULT_RECEIVED = "lab_result_received"
    EARLIER_RESULT_RECEIVED = "earlier_result_received"
    LAB_RESULT_CORRECTED = "lab_result_corrected"
    CLOSED_CASE_CORRECTED = "closed_case_corrected"
    SYMPTOMS_WORSENED = "symptoms_worsened"
    CASE_WITHDRAWN = "case_withdrawn"
