"""Catalogue of all process variables: name, type, meaning, and permitted codes.

Forms, diagrams, decisions and handlers use these names; a contract test compares them.
"""

from __future__ import annotations

from dataclasses import dataclass

import camunda7.variables
from camunda7.variables import Catalogue


@dataclass(frozen=True)
class Variable(camunda7.variables.Variable):
    """One process variable of a case.

    Attributes:
        voided_by_correction: depends on a result: not copied into a case that is reopened by a corrected one.
    """

    voided_by_correction: bool = False


YES_NO = ("yes", "no")
REPORT_HOURS = ("07:00", "09:00", "12:00", "18:00")
WATCH_OUTCOMES = ("released", "hospital", "withdrawn")
# each is a template of workers/messages.py
NOTICES = (
    "medical_form_wanted",
    "visit_planned",
    "result_late",
    "contacts_wanted",
    "daily_report_wanted",
    "released",
)
YES_NO_UNKNOWN = ("yes", "no", "unknown")

PRE_SCREENING = Catalogue(
    Variable("for_whom", "String", "whom the answers are for", ("myself", "someone_in_my_care")),
    Variable("date_of_birth", "String", "day of birth of the patient"),
    Variable("weight_kg", "Double", "weight in kg"),
    Variable("height_cm", "Double", "height in cm"),
    Variable("recent_exposure", "String", "close to a case in the last 14 days", YES_NO),
    Variable("last_exposure_date", "String", "day of the last exposure"),
    Variable(
        "temperature",
        "String",
        "highest in the last 48 h, in °C",
        ("below_35_5", "from_35_5_to_37_7", "from_37_8_to_38_9", "at_least_39", "unknown", "no_fever"),
    ),
    Variable("cough", "Boolean", "new or unusual cough"),
    Variable("cough_since", "String", "day it began"),
    Variable("sore_throat_or_aches", "Boolean", "sore throat or muscle aches"),
    Variable("sore_throat_or_aches_since", "String", "day it began"),
    Variable("loss_of_taste_or_smell", "Boolean", "loss of taste or smell"),
    Variable("loss_of_taste_or_smell_since", "String", "day it began"),
    Variable("diarrhea", "Boolean", "3 loose stools in 24 h"),
    Variable("diarrhea_since", "String", "day it began"),
    Variable("fatigue", "Boolean", "unusual fatigue"),
    Variable("fatigue_since", "String", "day it began"),
    Variable("bedridden_half_day", "Boolean", "fatigue forces rest for more than half of the day"),
    Variable("unable_to_eat_or_drink", "Boolean", "for 24 h or more"),
    Variable("unable_to_eat_or_drink_since", "String", "day it began"),
    Variable("breathless", "Boolean", "unusual, when speaking or at small effort"),
    Variable("breathless_since", "String", "day it began"),
    Variable("heart_disease", "String", "unknown counts as yes", YES_NO_UNKNOWN),
    Variable("weakened_immunity", "String", "unknown counts as no", YES_NO_UNKNOWN),
    Variable("diabetes", "Boolean", "badly controlled or with complications"),
    Variable("cancer", "Boolean", "under treatment"),
    Variable("lung_disease", "Boolean", "chronic, or under a specialist"),
    Variable("kidney_dialysis", "Boolean", "kidney failure with dialysis"),
    Variable("cirrhosis", "Boolean", "cirrhosis of the liver"),
    Variable("third_trimester", "Boolean", "third trimester of a pregnancy"),
    Variable("sickle_cell", "Boolean", "sickle cell disease"),
)

ASSESSMENT = Catalogue(
    Variable("age", "Integer", "years, computed from date_of_birth"),
    Variable("bmi", "Double", "body mass index, kg/m²"),
    Variable(
        "orientation",
        "String",
        "result of the pre-screening",
        (
            "under_15",
            "emergency",
            "evaluation_advised",
            "evaluation_needed",
            "evaluation_needed_at_risk",
            "evaluation_urgent",
            "self_monitor",
        ),
    ),
    Variable(
        "orientation_now",
        "String",
        'orientation by the symptoms in the form "I feel worse"; same values',
        voided_by_correction=True,
    ),
    Variable("risk_factor", "Boolean", "a risk factor for severe disease"),
    Variable("exposed", "Boolean", "by a contact's token or the patient's answer; set once, at the start"),
    Variable("exposed_to", "String", "token of the notified contact by which the patient came"),
    Variable("testing_priority", "Integer", "0 to 120, higher goes first"),
    Variable("report_due_hours", "Integer", "hours from the result to the doctor's report"),
)

REQUEST = Catalogue(
    Variable("wants_evaluation", "String", "requests an evaluation or declines", YES_NO),
    Variable("evaluation_requested_at", "Date", "the patient requested an evaluation"),
    Variable("given_name", "String", "of the patient"),
    Variable("family_name", "String", "of the patient"),
    Variable("carer_name", "String", "guardian or carer, for someone in care"),
    Variable("channel", "String", "how messages reach the patient", ("email", "sms", "telephone")),
    Variable("email", "String", "e-mail address"),
    Variable("phone", "String", "telephone number"),
    Variable(
        "emergency_phone", "String", "where a doctor calls a patient whose messages go by e-mail, in an emergency"
    ),
    Variable("address", "String", "where the medical team goes"),
    Variable("building_access", "String", "floor, door code, bell"),
    Variable("language", "String", "of pages and messages", ("en", "fr", "ar")),
    Variable("reporting_notice_read", "Boolean", "the notice on reporting was read"),
    Variable("consent_to_care", "Boolean", "consent to visit, test and care"),
)

MEDICAL = Catalogue(
    Variable("onset_date", "String", "day the symptoms began; none without symptoms"),
    Variable("medication", "String", "medication taken"),
    Variable("allergies", "String", "allergies"),
    Variable("pregnancy", "String", "pregnant", YES_NO_UNKNOWN),
    Variable("vaccination_doses", "Integer", "doses of a COVID-19 vaccine"),
    Variable("last_vaccination_date", "String", "day of the last dose"),
    Variable("lives", "String", "how the patient lives", ("alone", "family", "shared", "closed_setting")),
    Variable(
        "works_in",
        "String",
        "where the patient works or studies",
        ("health_or_care", "closed_setting", "school", "other", "none"),
    ),
    Variable("anything_else", "String", "further information from the patient"),
)

TEST = Catalogue(
    Variable("sample_number", "Integer", "of the case, from 1; 0 before the first"),
    Variable("visit_number", "Integer", "of the visits for one sample, from 1"),
    Variable("visit_due_at", "Date", "the visit is due"),
    Variable("visit_outcome", "String", "how the visit ended", ("sampled", "not_at_home", "refused", "emergency")),
    Variable(
        "next_appointment", "String", "the next visit, a point in time in ISO 8601; set when the patient wasn't at home"
    ),
    Variable(
        "sampling_time", "String", "the sample was taken, a point in time in ISO 8601; the visit's end without one"
    ),
    Variable("sample_barcode", "String", "on the sample"),
    Variable(
        "specimen_type",
        "String",
        "what was taken",
        ("nasopharyngeal_swab", "oropharyngeal_swab", "saliva"),
    ),
    Variable("sample_taken_at", "Date", "the sample was taken"),
    Variable("body_temperature_c", "Double", "measured at the visit, °C"),
    Variable("oxygen_saturation", "Integer", "measured at the visit, %"),
    Variable("respiratory_rate", "Integer", "breaths per minute at the visit"),
    Variable("visit_note", "String", "for the doctor"),
    Variable("lab_order_id", "String", "id of the order at the lab"),
    Variable(
        "lab_result",
        "String",
        "pathogen test result; indeterminate: no sample of the case gave a conclusive one",
        ("positive", "negative", "inconclusive", "unsatisfactory", "indeterminate", "entered_in_error"),
    ),
    Variable("lab_result_id", "Integer", "item of the lab's feed by which the result came"),
    Variable("lab_result_barcode", "String", "barcode of the sample that gave the result"),
    Variable("results_so_far", "String", "result of each sample, for the doctor"),
    Variable("result_number", "Integer", "number of results sent to the patient, including corrections"),
    Variable("correction_number", "Integer", "number of corrections after a result was sent to the patient"),
    Variable("result_told_at", "Date", "the result was sent to the patient", voided_by_correction=True),
)

REPORT = Catalogue(
    Variable(
        "suggested_doctor",
        "String",
        "account of the doctor on duty with the fewest open reports",
        voided_by_correction=True,
    ),
    Variable("report_due_at", "Date", "the doctor's report is due", voided_by_correction=True),
    Variable(
        "case_classification",
        "String",
        "by the doctor's report",
        ("confirmed", "probable", "suspect", "not_a_case"),
        voided_by_correction=True,
    ),
    Variable("assessment", "String", "for colleagues", voided_by_correction=True),
    Variable("report_advice", "String", "for the patient", voided_by_correction=True),
    Variable("isolation_until", "String", "last day of isolation", voided_by_correction=True),
    Variable("further_action", "String", "what comes next", ("none", "refer_to_hospital"), voided_by_correction=True),
    Variable("another_sample_possible", "Boolean", "fewer samples were taken than policy allows"),
    Variable("repeat_test", "Boolean", "the doctor wants another sample", voided_by_correction=True),
    Variable("earlier_reports", "String", "the doctors' reports before this one, for the doctor"),
    Variable("call_reached", "String", "the call reached the person", YES_NO),
    Variable("call_number", "Integer", "of the calls for one message, from 1"),
    Variable("most_calls", "Integer", "maximum of calls for one message"),
    Variable("call_again_at", "String", "when to call again, a point in time in ISO 8601"),
    Variable("call_from", "Date", "call_again_at as a Date; Tasklist shows the task from then on"),
    Variable("call_note", "String", "what was said or advised on the telephone"),
    Variable("report_published_at", "Date", "the report is on the patient's page", voided_by_correction=True),
    Variable("care_completed_at", "Date", "care was completed, before the review", voided_by_correction=True),
    Variable("rating", "String", "of CoronaCare, 5 is excellent", ("1", "2", "3", "4", "5"), voided_by_correction=True),
    Variable("review_comment", "String", "what to keep or change", voided_by_correction=True),
)

TRACING = Catalogue(
    Variable("reported_at", "Date", "the report of the case to the government"),
    Variable("contacts_traced", "Boolean", "tracing has started"),
    Variable("had_contacts", "String", "was close to anyone", YES_NO),
    Variable("close_contacts", "Json", "list of contacts, with the fields of the form close_contacts"),
    Variable("contact_ids", "Json", "list of the contacts' ids at the government"),
    Variable("contact", "Json", "one of contact_ids, in the loop over them"),
    Variable("contact_id", "String", "contact as text, for the worker and the call"),
    Variable("contact_name", "String", "of the contact to call"),
    Variable("contact_phone", "String", "of the contact to call"),
    Variable("contact_language", "String", "of the contact to call"),
    Variable("contact_last_exposure", "String", "day on which the contact to call was last close to a case"),
    Variable("contact_outcome", "String", "how the contact was reached", ("notified", "unreachable", "called")),
    Variable("contact_symptoms", "String", "the contact has symptoms", YES_NO_UNKNOWN),
    Variable("will_quarantine", "String", "the contact will stay in quarantine", YES_NO_UNKNOWN),
    Variable("link_wanted", "String", "the contact wants the link to their page", ("no", "email", "sms")),
    Variable("link_email", "String", "e-mail address for that link"),
    Variable("link_phone", "String", "telephone number for that link"),
    Variable("call_given_up_at", "Date", "from when on the contact is unreachable"),
    Variable("contacts_called_from", "Date", "from when on the contact tracers may fill in the list by telephone"),
    Variable(
        "contacts_refused", "Json", "errors in the list of contacts, each with row, name, reason, infectious_from"
    ),
    Variable("contacts_named", "Integer", "how many close contacts were named"),
    Variable("contacts_named_at", "Date", "the close contacts were named"),
    Variable("contacts_notified", "Integer", "how many of them were notified, by message or by telephone"),
    Variable("contacts_notified_in_24_h", "Integer", "how many of them within 24 h after they were named"),
    Variable("contacts_notified_at", "Date", "the last contact was notified"),
)

WATCH = Catalogue(
    Variable("watch_started_at", "Date", "the patient is watched at home from then on", voided_by_correction=True),
    Variable("watch_ended_at", "Date", "the watch at home ended", voided_by_correction=True),
    Variable("watch_outcome", "String", "how the watch at home ended", WATCH_OUTCOMES, voided_by_correction=True),
    Variable(
        "report_hour", "String", "when the patient reports each day; without one policy.report_hour", REPORT_HOURS
    ),
    Variable(
        "by_telephone", "Boolean", "a contact tracer fills in the daily report, and asks the questions by telephone"
    ),
    Variable("feeling", "String", "compared with yesterday", ("better", "same", "worse")),
    Variable("day_temperature_c", "Double", "highest in the last 24 h, °C"),
    Variable("fever_medicine", "String", "took medicine against fever in the last 24 h", YES_NO),
    Variable("spo2", "Integer", "oxygen saturation by the patient's oximeter, %"),
    Variable("pulse", "Integer", "beats per minute by the patient's oximeter"),
    Variable("day_note", "String", "further information of the day from the patient"),
    Variable("spo2_today", "Integer", "spo2 for the decision; 100 if it wasn't measured"),
    Variable("spo2_usual", "Integer", "median of the oxygen saturations of earlier days, %; none before the first"),
    Variable("spo2_drop", "Integer", "points by which spo2 is below spo2_usual; 0 if one of them is unknown"),
    Variable("pulse_today", "Integer", "pulse for the decision; 80 if it wasn't measured"),
    Variable("temperature_today_c", "Double", "day_temperature_c for the decision; 37 if it wasn't measured"),
    Variable("days_worse", "Integer", "recorded days up to yesterday on which the patient felt worse, in a row"),
    Variable("days_worse_now", "Integer", "days_worse with today"),
    Variable("day_status", "String", "by the decision home_watch", ("green", "amber", "red")),
    Variable("red_at", "Date", "today's report was found red"),
    Variable("care_place", "String", "where the patient is looked after, by a call or visit", ("home", "hospital")),
    Variable("diary", "Json", "list of reported days, the oldest first, with the fields of workers/diary.py"),
    Variable("isolation_days_left", "Integer", "days of isolation or quarantine left, with today; else 0 or less"),
    Variable("in_quarantine", "Boolean", "without a positive result: the days count from the last exposure"),
    Variable(
        "fever_days_left",
        "Integer",
        "days left until the last one of those without fever that policy requires, with today",
    ),
    Variable("is_improving", "Boolean", "the day is green, and the patient doesn't feel worse"),
    Variable(
        "release",
        "String",
        "by the decision release: released, or why not yet",
        ("released", "isolation", "quarantine", "fever", "symptoms"),
        voided_by_correction=True,
    ),
    Variable(
        "release_from",
        "String",
        "first day without isolation or quarantine, if there is no fever until then",
        voided_by_correction=True,
    ),
)

# of user tasks, in words: TaskFacts.java
TASK = Catalogue(
    Variable(
        "facts", "Json", "rows with fact and value of the table in the form; computed when it is read, not stored"
    ),
    Variable("card_alert", "String", "on the card: the patient feels worse"),
    Variable("card_case", "String", "on the card: case reference"),
    Variable("card_patient", "String", "on the card: name and age"),
    Variable("card_phone", "String", "on the card: telephone numbers of the patient"),
    Variable("card_language", "String", "on the card: language of the patient"),
    Variable("card_address", "String", "on the card: address and access to the building"),
    Variable("card_visit", "String", "on the card: time of the visit, and whether no one was at home before"),
    Variable("card_priority", "String", "on the card: urgent, high, normal or low"),
    Variable("card_assessment", "String", "on the card: orientation and risk factor"),
    Variable("card_result", "String", "on the card: result of the test"),
    Variable("card_call", "String", "on the card: number of calls before"),
    Variable("card_contact", "String", "on the card: name of the contact"),
    Variable("card_contact_phone", "String", "on the card: telephone number of the contact"),
    Variable("card_contact_language", "String", "on the card: language of the contact"),
    Variable("card_quarantine", "String", "on the card: last day of the contact's quarantine"),
)

CASE = Catalogue(
    Variable("policy", "Json", "copy of the settings `policy` at the start of the case"),
    Variable(
        "case_outcome",
        "String",
        "how the case ended",
        (
            "emergency_services",
            "physician",
            "self_monitoring",
            "evaluation_declined",
            "evaluation_not_requested",
            "medical_form_not_returned",
            "not_reached",
            "sample_refused",
            "withdrawn",
            "care_completed",
        ),
        voided_by_correction=True,
    ),
    Variable("notice_key", "String", "key of the message to deliver by telephone: idempotency key of the call"),
    Variable("notice_text", "String", "text of the message to deliver by telephone"),
    Variable("withdrawn", "Boolean", "the patient has withdrawn"),
    Variable("worsening", "String", "id of one report of worsening symptoms, for the keys of its messages"),
    Variable("notice", "String", "which message to send to the patient", NOTICES),
    Variable("notice_number", "String", "occurrence of that message in the case"),
)

INBOX = Catalogue(
    Variable("inbox_item", "Long", "id of the item in the laboratory's inbox"),
    Variable("inbox_case", "String", "reference of the case to which the item belongs; none while that is unknown"),
    Variable(
        "inbox_facts", "Json", "rows with fact and value of the table in the form: what was understood, and why not"
    ),
    Variable("inbox_round", "Integer", "number of the decision on the item, from 1"),
    Variable(
        "inbox_decision",
        "String",
        "what laboratory staff decided",
        ("assign", "map_test", "map_result", "reject"),
    ),
    Variable("inbox_barcode", "String", "barcode of the sample to which the result is assigned"),
    Variable(
        "inbox_result",
        "String",
        "result that staff confirm for the sample",
        ("positive", "negative", "inconclusive", "unsatisfactory", "entered_in_error"),
    ),
    Variable("inbox_test_meaning", "String", "what the code of the test means", ("test", "other")),
    Variable(
        "inbox_result_meaning",
        "String",
        "what the code of the result means",
        ("positive", "negative", "inconclusive", "unsatisfactory"),
    ),
    Variable("inbox_rejection", "String", "why the result is rejected"),
    Variable("inbox_open", "String", "the item is still open after the decision", YES_NO),
)

VARIABLES = Catalogue(
    *(
        variable
        for part in (PRE_SCREENING, ASSESSMENT, REQUEST, MEDICAL, TEST, REPORT, TRACING, WATCH, TASK, CASE, INBOX)
        for variable in part.values()
    ),
    source="processes/variables.py",
)

VOIDED_BY_CORRECTION = frozenset(
    name for name, each in VARIABLES.items() if isinstance(each, Variable) and each.voided_by_correction
)

# variables that the engine reads for each fact that a task of staff shows (Fact.java)
FACTS = {
    "alert": ("orientation_now", "day_status"),
    "case": (),
    "patient": ("given_name", "family_name", "date_of_birth"),
    "born": ("date_of_birth",),
    "carer": ("carer_name",),
    "phone": ("phone", "emergency_phone"),
    "email": ("email",),
    "language": ("language",),
    "address": ("address", "building_access"),
    "visit": ("visit_number", "visit_due_at"),
    "call": ("call_number",),
    "priority": (),
    "assessment": ("orientation", "risk_factor"),
    "symptoms": (
        "temperature", "breathless", "unable_to_eat_or_drink", "bedridden_half_day", "cough", "sore_throat_or_aches",
        "loss_of_taste_or_smell", "diarrhea", "fatigue",
    ),
    "onset": ("onset_date",),
    "illnesses": (
        "heart_disease", "weakened_immunity", "diabetes", "cancer", "lung_disease", "kidney_dialysis", "cirrhosis",
        "third_trimester", "sickle_cell",
    ),
    "pregnancy": ("pregnancy",),
    "vaccination": ("vaccination_doses", "last_vaccination_date"),
    "medication": ("medication",),
    "allergies": ("allergies",),
    "lives": ("lives",),
    "works": ("works_in",),
    "remark": ("anything_else",),
    "measured": ("body_temperature_c", "oxygen_saturation", "respiratory_rate", "policy"),
    "day": (
        "day_status", "feeling", "day_temperature_c", "fever_medicine", "breathless", "unable_to_eat_or_drink", "spo2",
        "pulse", "day_note", "policy",
    ),
    "course": ("diary", "spo2", "policy"),
    "visit_note": ("visit_note",),
    "result": ("lab_result", "correction_number"),
    "samples": ("results_so_far",),
    "notified": ("result_told_at",),
    "reports": ("earlier_reports",),
    "message": ("notice_text",),
    "contact": ("contact_name",),
    "contact_phone": ("contact_phone",),
    "contact_language": ("contact_language",),
    "exposed": ("contact_last_exposure",),
    "quarantine": ("contact_last_exposure", "policy"),
}  # fmt: skip
