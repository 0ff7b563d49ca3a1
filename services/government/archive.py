"""What the law keeps of an erased case, sealed: whoever has the database alone can't read it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet

from services.government.models import Case, Contact

CASE = ("case_reference", "given_name", "family_name", "date_of_birth", "email", "phone", "exposed_to", "result")
CONTACT = ("name", "email", "phone", "relation", "exposure", "last_exposure_date", "health_worker", "outcome", "call")


class Archive:
    """Seals with a key of the authority's own.

    Args:
        key: random; with another one nothing of what was sealed before can be opened.
    """

    def __init__(self, key: str):
        self._key = hashlib.sha256(key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._key))

    def seal(self, case: Case) -> str:
        """The case and its contacts, encrypted."""
        contacts = [{name: getattr(contact, name) for name in CONTACT} for contact in case.contacts]
        content = {**{name: getattr(case, name) for name in CASE}, "contacts": contacts}
        return self._fernet.encrypt(json.dumps(content).encode()).decode()

    def open(self, sealed: str) -> dict[str, Any]:
        """What was sealed.

        Raises:
            cryptography.fernet.InvalidToken: not with this key.
        """
        return json.loads(self._fernet.decrypt(sealed))

    def mark(self, text: str) -> str:
        """A keyed hash: the same for the same text, and of no use without the key."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def is_notified_positive(case: Case) -> bool:
    """Whether the law keeps it: it was registered as positive, and the laboratory hasn't said otherwise since."""
    return not case.erased and case.result in (None, "positive")


def erase(case_reference: str, archive: Archive) -> Case:
    """Erase a case; of a notified positive what the law keeps is sealed. A contact's own page goes on.

    The reference stays, so that nothing that comes late brings the case back.
    """
    Case.insert(case_reference=case_reference, erased=True).on_conflict_ignore().execute()
    case = Case.get(Case.case_reference == case_reference)
    if is_notified_positive(case):
        case.sealed = archive.seal(case)
    for contact in case.contacts:
        _strip(contact)
    case.given_name = case.family_name = case.date_of_birth = ""
    case.email = case.phone = case.exposed_to = None
    case.erased = True
    case.save()
    return case


def _strip(contact: Contact) -> None:
    contact.name = contact.relation = contact.exposure = ""
    contact.email = contact.phone = contact.call = None
    contact.save()
