"""The texts of the messages, by template and language. None shows a name or a result; a link leads to the page.

A patient's link opens their case, together with the date of birth; a doctor's leads to Tasklist, a manager's to the
page of what waits.
"""

from __future__ import annotations

ENGLISH, FRENCH, ARABIC = "en", "fr", "ar"

# template → language → subject, text
TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "visit_planned": {
        ENGLISH: ("A visit is planned", "The time of the medical team's visit is on your page of CoronaCare."),
        FRENCH: ("Une visite est prévue", "L'heure de la visite de l'équipe médicale est sur votre page CoronaCare."),
        ARABIC: ("تم تحديد موعد زيارة", "موعد زيارة الفريق الطبي موجود على صفحتك في CoronaCare."),
    },
    "medical_form_wanted": {
        ENGLISH: ("Your medical form", "We wait for your medical form. It takes about five minutes."),
        FRENCH: ("Votre formulaire médical", "Nous attendons votre formulaire médical. Il prend environ cinq minutes."),
        ARABIC: ("الاستمارة الطبية", "ننتظر استمارتك الطبية. تستغرق نحو خمس دقائق."),
    },
    "result_late": {
        ENGLISH: (
            "Your case takes longer",
            "There is a delay. We have asked the laboratory; you need not do anything.",
        ),
        FRENCH: (
            "Votre dossier prend plus de temps",
            "Il y a un retard. Nous avons interrogé le laboratoire ; vous n'avez rien à faire.",
        ),
        ARABIC: ("تأخير في ملفك", "هناك تأخير. لقد سألنا المختبر ولا يلزمك فعل أي شيء."),
    },
    "result_there": {
        ENGLISH: ("There is news for you", "There is news on your page of CoronaCare. Please sign in to read it."),
        FRENCH: (
            "Il y a du nouveau pour vous",
            "Il y a du nouveau sur votre page CoronaCare. Connectez-vous pour le lire.",
        ),
        ARABIC: ("هناك جديد لك", "هناك جديد على صفحتك في CoronaCare. يرجى تسجيل الدخول لقراءته."),
    },
    "report_there": {
        ENGLISH: (
            "The doctor has written to you",
            "The doctor's report is on your page of CoronaCare. Please sign in to read it.",
        ),
        FRENCH: (
            "Le médecin vous a écrit",
            "Le rapport du médecin est sur votre page CoronaCare. Connectez-vous pour le lire.",
        ),
        ARABIC: ("كتب لك الطبيب", "تقرير الطبيب موجود على صفحتك في CoronaCare. يرجى تسجيل الدخول لقراءته."),
    },
    "contacts_wanted": {
        ENGLISH: ("Please name your contacts", "We wait for the list on your page of CoronaCare. Please sign in."),
        FRENCH: ("Veuillez nommer vos contacts", "Nous attendons la liste sur votre page CoronaCare. Connectez-vous."),
        ARABIC: ("يرجى تسمية المخالطين", "ننتظر القائمة على صفحتك في CoronaCare. يرجى تسجيل الدخول."),
    },
    "link_wanted": {
        ENGLISH: ("Your link to CoronaCare", "You asked for a link to your case. It works for 10 days."),
        FRENCH: (
            "Votre lien vers CoronaCare",
            "Vous avez demandé un lien vers votre dossier. Il est valable 10 jours.",
        ),
        ARABIC: ("رابطك إلى CoronaCare", "لقد طلبت رابطًا إلى ملفك. الرابط صالح لمدة 10 أيام."),
    },
    # to doctors
    "patient_call": {
        ENGLISH: (
            "Call a patient now",
            "A patient has signs of an emergency. Claim the task in Tasklist's list “Patients to call”, and call.",
        ),
    },
    "patient_call_unclaimed": {
        ENGLISH: (
            "Call a patient now: no doctor has claimed the call",
            "A patient with signs of an emergency is still waiting. Claim the task in “Patients to call”, and call.",
        ),
    },
    "visit_emergency": {
        ENGLISH: ("An emergency at a visit", "The medical team met an emergency; the emergency services were called."),
    },
    "report_overdue": {
        ENGLISH: ("A report is overdue", "A report has not been written in time. It is first in Tasklist's list."),
    },
    # to process managers
    "patient_call_escalated": {
        ENGLISH: (
            "No doctor has claimed an emergency call",
            "A patient with signs of an emergency is waiting for a doctor's call. Find a doctor who claims the task.",
        ),
    },
}

TO_DOCTORS = frozenset({"visit_emergency", "report_overdue", "patient_call", "patient_call_unclaimed"})
TO_MANAGERS = frozenset({"patient_call_escalated"})


def text_of(template: str, language: str) -> tuple[str, str]:
    """Subject and text of a template, in English where it isn't there in that language."""
    texts = TEXTS[template]
    return texts.get(language, texts[ENGLISH])
