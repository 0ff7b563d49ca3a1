"""Codes of results and specimens: SNOMED CT, with the names that receivers show.

Results: CDC's LIVD mapping of SARS-CoV-2 tests (https://www.cdc.gov/csels/dls/sars-cov-2-livd-codes.html). Specimens:
the value set of ELR's SPM-4 is SNOMED CT's hierarchy of specimens.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    code: str
    name: str


RESULTS = {
    "positive": Code("260373001", "Detected"),
    "negative": Code("260415000", "Not detected"),
    "inconclusive": Code("419984006", "Inconclusive"),
    "indeterminate": Code("419984006", "Inconclusive"),
    "unsatisfactory": Code("125154007", "Specimen unsatisfactory for evaluation"),
}
SPECIMENS = {
    "nasopharyngeal_swab": Code("258500001", "Nasopharyngeal swab"),
    "oropharyngeal_swab": Code("258529004", "Throat swab"),
    "saliva": Code("119342007", "Saliva specimen"),
}
