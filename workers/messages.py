"""Texts of the messages, by template and language. They contain no name, no result and no access code.

Each has a link: a patient's opens their case, together with the date of birth; a doctor's leads to Tasklist, a
manager's to /staff/now. Patients also read why they get the message, and how to check that it is genuine.
"""

from __future__ import annotations

ENGLISH, FRENCH, ARABIC = "en", "fr", "ar"

# template → language → subject, text. In Arabic, isolates keep the reference in its order.
TEXTS: dict[str, dict[str, tuple[str, str]]] = {
    "request_received": {
        ENGLISH: (
            "We've received your request",
            "We've received your request for a home visit and a test. Your case reference is {reference}. If you "
            "haven't filled in the medical form yet, sign in to CoronaCare to do so. Then we'll plan the visit and "
            "send you a message.",
        ),
        FRENCH: (
            "Nous avons reçu votre demande",
            "Nous avons reçu votre demande de visite à domicile et de test. La référence de votre dossier est "
            "{reference}. Si vous n'avez pas encore rempli le formulaire médical, connectez-vous à CoronaCare pour le "
            "faire. Nous organiserons ensuite la visite et vous enverrons un message.",
        ),
        ARABIC: (
            "لقد تلقينا طلبك",
            "لقد تلقينا طلبك لزيارة منزلية وفحص. رقم ملفك هو \u2066{reference}\u2069. إذا لم تملأ الاستمارة الطبية "
            "بعد، يرجى تسجيل الدخول إلى CoronaCare لملئها. بعد ذلك نحدد موعد الزيارة ونرسل إليك رسالة.",
        ),
    },
    "visit_planned": {
        ENGLISH: ("We've planned your visit", "The medical team will visit you. Sign in to CoronaCare to see when."),
        FRENCH: (
            "Votre visite est prévue",
            "L'équipe médicale viendra chez vous. Connectez-vous à CoronaCare pour voir à quel moment.",
        ),
        ARABIC: ("تم تحديد موعد زيارتك", "سيزورك الفريق الطبي. يرجى تسجيل الدخول إلى CoronaCare لمعرفة الموعد."),
    },
    "medical_form_wanted": {
        ENGLISH: (
            "Fill in your medical form",
            "We still need your medical form. Sign in to CoronaCare to fill it in. It takes about 3 minutes.",
        ),
        FRENCH: (
            "Remplissez votre formulaire médical",
            "Il nous manque votre formulaire médical. Connectez-vous à CoronaCare pour le remplir (3 minutes environ).",
        ),
        ARABIC: (
            "املأ استمارتك الطبية",
            "ما زلنا نحتاج إلى استمارتك الطبية. يرجى تسجيل الدخول إلى CoronaCare لملئها. يستغرق ذلك نحو 3 دقائق.",
        ),
    },
    "result_late": {
        ENGLISH: (
            "Your result is delayed",
            "Sorry, your result is taking longer than expected. We've asked the lab. You don't need to do anything.",
        ),
        FRENCH: (
            "Votre résultat a du retard",
            "Votre résultat tarde plus que prévu. Nous avons contacté le laboratoire. Vous n'avez rien à faire.",
        ),
        ARABIC: (
            "تأخرت نتيجتك",
            "نعتذر، تستغرق نتيجتك وقتًا أطول من المتوقع. لقد سألنا المختبر، ولا يلزمك فعل أي شيء.",
        ),
    },
    "result_there": {
        ENGLISH: ("You have an update", "There is an update on your case. Sign in to CoronaCare to read it."),
        FRENCH: (
            "Du nouveau dans votre dossier",
            "Il y a du nouveau dans votre dossier. Connectez-vous à CoronaCare pour le lire.",
        ),
        ARABIC: ("لديك تحديث", "هناك تحديث في ملفك. يرجى تسجيل الدخول إلى CoronaCare لقراءته."),
    },
    "report_there": {
        ENGLISH: ("Your doctor's report is ready", "Sign in to CoronaCare to read your doctor's report."),
        FRENCH: (
            "Le rapport du médecin est disponible",
            "Connectez-vous à CoronaCare pour lire le rapport du médecin.",
        ),
        ARABIC: ("تقرير الطبيب جاهز", "يرجى تسجيل الدخول إلى CoronaCare لقراءة تقرير الطبيب."),
    },
    "contacts_wanted": {
        ENGLISH: (
            "Tell us who you've been close to",
            "We need a list of the people you've been close to. Sign in to CoronaCare to fill it in.",
        ),
        FRENCH: (
            "Indiquez vos contacts rapprochés",
            "Nous avons besoin de la liste de vos contacts rapprochés. Connectez-vous à CoronaCare pour la remplir.",
        ),
        ARABIC: (
            "أخبرنا بمخالطيك المقرّبين",
            "نحتاج إلى قائمة بمخالطيك المقرّبين. يرجى تسجيل الدخول إلى CoronaCare لملئها.",
        ),
    },
    "daily_report_wanted": {
        ENGLISH: (
            "How are you today?",
            "We haven't heard from you today. Sign in to CoronaCare to tell us how you are.",
        ),
        FRENCH: (
            "Comment allez-vous aujourd'hui ?",
            "Nous n'avons pas de nouvelles de vous aujourd'hui. Connectez-vous à CoronaCare pour nous dire comment "
            "vous allez.",
        ),
        ARABIC: (
            "كيف حالك اليوم؟",
            "لم تصلنا أخبارك اليوم. يرجى تسجيل الدخول إلى CoronaCare لإخبارنا بحالك.",
        ),
    },
    "released": {
        ENGLISH: ("You have an update", "There is an update on your case. Sign in to CoronaCare to read it."),
        FRENCH: (
            "Du nouveau dans votre dossier",
            "Il y a du nouveau dans votre dossier. Connectez-vous à CoronaCare pour le lire.",
        ),
        ARABIC: ("لديك تحديث", "هناك تحديث في ملفك. يرجى تسجيل الدخول إلى CoronaCare لقراءته."),
    },
    "link_wanted": {
        ENGLISH: (
            "Your CoronaCare sign-in link",
            "You asked for a link to your case.",
        ),
        FRENCH: (
            "Votre lien de connexion à CoronaCare",
            "Vous avez demandé un lien vers votre dossier.",
        ),
        ARABIC: (
            "رابط تسجيل الدخول إلى CoronaCare",
            "لقد طلبت رابطًا إلى ملفك.",
        ),
    },
    # to doctors
    "patient_call": {
        ENGLISH: (
            "Call a patient now",
            "A patient has signs of an emergency. In Tasklist, open “Patients to call”, claim the task and call.",
        ),
    },
    "patient_call_unclaimed": {
        ENGLISH: (
            "Call a patient now: no doctor has claimed the call",
            "A patient with signs of an emergency is still waiting. In Tasklist, open “Patients to call”, claim the "
            "task and call.",
        ),
    },
    "visit_emergency": {
        ENGLISH: (
            "Emergency during a visit",
            "The medical team found a patient in an emergency and called the emergency services.",
        ),
    },
    "report_overdue": {
        ENGLISH: ("A report is overdue", "A doctor's report is overdue. It is at the top of the list in Tasklist."),
    },
    # to process managers
    "patient_call_escalated": {
        ENGLISH: (
            "No doctor has claimed an emergency call",
            "A patient with signs of an emergency is waiting for a doctor's call. Find a doctor to claim the task.",
        ),
    },
}

# language → what follows the link of a patient's mail. In Arabic, isolates keep the number's groups in their order.
MAIL_NOTES = {
    ENGLISH: (
        "You'll need the date of birth of the person with symptoms. The link works for 10 days.\n\n"
        "You're getting this email because you asked CoronaCare for a home visit and a test. We never ask for money, "
        "passwords or bank details. To check that an email is from us, call {phone}."
    ),
    FRENCH: (
        "La date de naissance de la personne qui a des symptômes vous sera demandée. Le lien est valable 10 jours.\n\n"
        "Vous recevez ce message car vous avez demandé à CoronaCare une visite à domicile et un test. Nous ne "
        "demandons jamais d'argent, de mot de passe ni de coordonnées bancaires. Pour vérifier qu'un message vient de "
        "nous, appelez le {phone}."
    ),
    ARABIC: (
        "ستحتاج إلى تاريخ ميلاد الشخص المصاب بالأعراض. الرابط صالح لمدة 10 أيام.\n\n"
        "تصلك هذه الرسالة لأنك طلبت من CoronaCare زيارة منزلية وفحصًا. نحن لا نطلب أبدًا مالًا أو كلمات مرور أو بيانات "
        "مصرفية. للتحقق من أن الرسالة منا، اتصل بالرقم \u2066{phone}\u2069."
    ),
}
# language → what follows the link of a patient's SMS
SMS_NOTES = {
    ENGLISH: "You'll need the date of birth. To check that this is from us, call {phone}.",
    FRENCH: "La date de naissance vous sera demandée. Pour vérifier que ce message vient de nous, appelez le {phone}.",
    ARABIC: "ستحتاج إلى تاريخ الميلاد. للتحقق من أن الرسالة منا، اتصل بالرقم \u2066{phone}\u2069.",
}
SERVICE = "CoronaCare"
TO_DOCTORS = frozenset({"visit_emergency", "report_overdue", "patient_call", "patient_call_unclaimed"})
TO_MANAGERS = frozenset({"patient_call_escalated"})
TO_STAFF = TO_DOCTORS | TO_MANAGERS


def text_of(template: str, language: str, reference: str) -> tuple[str, str]:
    """Return subject and text of a template, in English if the template has no text in this language."""
    texts = TEXTS[template]
    subject, text = texts.get(language, texts[ENGLISH])
    return subject, text.format(reference=reference)


def compose_mail(template: str, language: str, reference: str, url: str, phone: str) -> tuple[str, str]:
    """Return subject and text of a mail.

    Args:
        reference: the case's.
        url: the message's link.
        phone: number that patients call to check a message.
    """
    subject, text = text_of(template, language, reference)
    if template in TO_STAFF:
        return subject, f"{text}\n\n{url}\n"
    note = MAIL_NOTES.get(language, MAIL_NOTES[ENGLISH]).format(phone=phone)
    return subject, f"{text}\n\n{url}\n\n{note}\n\n{SERVICE}\n"


def compose_sms(template: str, language: str, reference: str, url: str, phone: str) -> str:
    """Return the text of an SMS; arguments as those of compose_mail()."""
    _, text = text_of(template, language, reference)
    if template in TO_STAFF:
        return f"{text} {url}"
    note = SMS_NOTES.get(language, SMS_NOTES[ENGLISH]).format(phone=phone)
    return f"{SERVICE}: {text} {url} {note}"
