"""A letter in each language, with every kind of text that a paper has."""

from __future__ import annotations

from datetime import UTC, datetime

from papers.letter import Letter, Text

URL = "https://care.coronacare.example/paper/HRI7D3KRILAPYADSKBO4RK3YTHVJKHD6BMC5VFC6"
TEXTS = {
    "en": Text(
        language="en",
        title="COVID-19 test result",
        dated="Issued on 30 November 2026",
        statement="The test found the virus that causes COVID-19.",
        rows=(("Name", "Ada Łovelace"), ("Result", "Positive"), ("Sample taken on", "27 November 2026")),
        check="Scan the code to check that this paper still holds.",
        code="A QR code with the address below",
        contact="Questions: help@coronacare.example",
    ),
    "fr": Text(
        language="fr",
        title="Résultat du test",
        dated="Établi le 30 novembre 2026",
        statement="Le test a détecté le virus.",
        rows=(("Nom", "Ada Łovelace"), ("Résultat", "Positif"), ("Prélevé le", "27 novembre 2026")),
        check="Scannez le code pour vérifier que ce document est toujours valable.",
        code="Un code QR avec l'adresse ci-dessous",
        contact="Questions : help@coronacare.example",
    ),
    "ar": Text(
        language="ar",
        title="نتيجة الفحص",
        dated="صدرت في 30 نوفمبر 2026",
        statement="كشف الفحص عن الفيروس.",
        rows=(("الاسم", "Ada Łovelace"), ("النتيجة", "إيجابية"), ("تاريخ أخذ العينة", "27 نوفمبر 2026")),
        check="امسح الرمز للتحقق من أن هذه الوثيقة ما زالت سارية.",
        code="رمز QR يحمل العنوان أدناه",
        contact="للاستفسار: help@coronacare.example",
    ),
}


def write_letter(language: str) -> Letter:
    """The letter in a language, with English beside it."""
    texts = tuple(TEXTS[each] for each in dict.fromkeys((language, "en")))
    return Letter(("Public Health Service", "12 St James's Square"), texts, URL, datetime(2026, 11, 30, tzinfo=UTC))
