"""Questions in the words for someone who answers for another person: "you" is the carer, not the person with symptoms.

A question without an entry here is the same for both. The keys are texts of the forms.
"""

from __future__ import annotations

from flask_babel import lazy_gettext as _

from camunda7.forms.template import Translate
from webapp.formatting import translated
from webapp.questionnaires import Questionnaire

IN_MY_CARE = "someone_in_my_care"
FOR_ANOTHER = {
    "Do you have any of these now? Select all that apply": _(
        "Does the person you care for have any of these now? Select all that apply"
    ),
    # pre_screening
    "Have you been close to someone with COVID-19 in the last 14 days?": _(
        "Has the person you care for been close to someone with COVID-19 in the last 14 days?"
    ),
    "When were you last close to them?": _("When was the person you care for last close to them?"),
    "The day you were last close to them": _("The day the person you care for was last close to them"),
    "What was your highest temperature in the last 48 hours?": _(
        "What was the highest temperature of the person you care for in the last 48 hours?"
    ),
    "So tired that you have to rest for more than half the day": _(
        "So tired that they have to rest for more than half the day"
    ),
    "When did you stop being able to eat or drink?": _("When did they stop being able to eat or drink?"),
    "The day you stopped being able to eat or drink": _("The day they stopped being able to eat or drink"),
    "Do you have high blood pressure that is hard to control, or heart or circulation problems?": _(
        "Does the person you care for have high blood pressure that is hard to control, or heart or circulation "
        "problems?"
    ),
    "Is your immune system weakened by an illness or treatment?": _(
        "Is their immune system weakened by an illness or treatment?"
    ),
    "Which of these do you have? Select all that apply": _("Which of these do they have? Select all that apply"),
    # evaluation_request
    "A medical team can visit you and take a sample for a test. A doctor then writes a report for you.": _(
        "A medical team can visit the person you care for and take a sample for a test. A doctor then writes a report."
    ),
    "If you have only one name, enter it in both fields.": _("If they have only one name, enter it in both fields."),
    "About you": _("About the person you care for"),
    "A doctor can call you on it if you become seriously ill. Include the country code, for example "
    "+44 20 7946 0958.": _(
        "A doctor can call you on it if the person you care for becomes seriously ill. Include the country code, for "
        "example +44 20 7946 0958."
    ),
    "Where should we visit you?": _("Where should we visit the person you care for?"),
    "I agree to be visited, tested and cared for, and to my answers being kept for this purpose": _(
        "I agree, for the person I care for, to a visit, a test and care, and to these answers being kept for this "
        "purpose"
    ),
    # medical_form
    "Your symptoms": _("Symptoms of the person you care for"),
    "When did your symptoms start?": _("When did their symptoms start?"),
    "The day your symptoms started": _("The day their symptoms started"),
    "Medicines you take": _("Medicines that the person you care for takes"),
    "Are you pregnant?": _("Is the person you care for pregnant?"),
    "Number of COVID-19 vaccine doses you've had": _("Number of COVID-19 vaccine doses they've had"),
    "When was your last dose?": _("When was their last dose?"),
    "The day of your last dose": _("The day of their last dose"),
    "Where you live and work": _("Where the person you care for lives and works"),
    "What is your living situation?": _("What is their living situation?"),
    "With my family": _("With their family"),
    "Where do you work or study?": _("Where do they work or study?"),
    "I don't work or study": _("They don't work or study"),
    # symptoms_worsened, daily_report
    "Tell us how you feel today. If you have trouble breathing, call the emergency number now.": _(
        "Tell us how the person you care for feels today. If they have trouble breathing, call the emergency number "
        "now."
    ),
    "How you feel today": _("How the person you care for feels today"),
    "Tell us how you are today. If you have trouble breathing, call the emergency number now.": _(
        "Tell us how the person you care for is today. If they have trouble breathing, call the emergency number now."
    ),
    "How you are today": _("How the person you care for is today"),
    "How do you feel compared with yesterday?": _("How do they feel compared with yesterday?"),
    "What was your highest temperature in the last 24 hours? (°C)": _(
        "What was their highest temperature in the last 24 hours? (°C)"
    ),
    "Have you taken medicine against fever in the last 24 hours?": _(
        "Have they taken medicine against fever in the last 24 hours?"
    ),
    "What is your oxygen saturation? (%)": _("What is their oxygen saturation? (%)"),
    "Only if you have an oximeter. Rest for 5 minutes first.": _(
        "Only if you have an oximeter. They should rest for 5 minutes first."
    ),
    "What is your pulse? (beats a minute)": _("What is their pulse? (beats a minute)"),
    # close_contacts
    "Tell us who you have been close to since 2 days before your symptoms started. Close means within 2 metres or in a "
    "closed space for more than 15 minutes, or in direct physical contact.": _(
        "Tell us who the person you care for has been close to since 2 days before their symptoms started. Close means "
        "within 2 metres or in a closed space for more than 15 minutes, or in direct physical contact."
    ),
    "Have you been close to anyone?": _("Has the person you care for been close to anyone?"),
    "No, I've had no close contacts": _("No, they've had no close contacts"),
    "How do you know them?": _("How does the person you care for know them?"),
    "We live together": _("They live together"),
    "How were you close?": _("How were they close?"),
    # required answers that are missing
    "Select if you have been close to someone with COVID-19 in the last 14 days": _(
        "Select if the person you care for has been close to someone with COVID-19 in the last 14 days"
    ),
    "Select when you were last close to them": _("Select when the person you care for was last close to them"),
    "Select your highest temperature in the last 48 hours": _(
        "Select the highest temperature of the person you care for in the last 48 hours"
    ),
    "Select if you have high blood pressure that is hard to control, or heart or circulation problems": _(
        "Select if the person you care for has high blood pressure that is hard to control, or heart or circulation "
        "problems"
    ),
    "Select if your immune system is weakened by an illness or treatment": _(
        "Select if their immune system is weakened by an illness or treatment"
    ),
    "Select if you are pregnant": _("Select if the person you care for is pregnant"),
    "Select your living situation": _("Select their living situation"),
    "Select where you work or study": _("Select where they work or study"),
    "Select how you feel compared with yesterday": _("Select how they feel compared with yesterday"),
    "Select if you have taken medicine against fever in the last 24 hours": _(
        "Select if they have taken medicine against fever in the last 24 hours"
    ),
    "Select if you have been close to anyone": _("Select if the person you care for has been close to anyone"),
    "Select how you know them": _("Select how the person you care for knows them"),
    "Select how you were close": _("Select how they were close"),
}


def choose_purpose(form: Questionnaire, for_whom: str | None) -> str:
    """Return what a form says that it is for."""
    return (for_whom == IN_MY_CARE and form.purpose_for_carer) or form.purpose


def choose_wording(for_whom: str | None) -> Translate:
    """Return what translates a form's texts: in the words for a carer, if the answers are for someone in their care."""
    return translate_for_another if for_whom == IN_MY_CARE else translated


def translate_for_another(text: str) -> str:
    return str(FOR_ANOTHER[text]) if text in FOR_ANOTHER else translated(text)
