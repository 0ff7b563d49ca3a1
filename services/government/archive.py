"""Archive of erased cases that the law requires: encrypted, so that access to the database isn't enough to read it."""

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
    """Encrypts cases with a key of the health authority.

    Args:
        key: random; cases are decrypted with the key that encrypted them.
    """

    def __init__(self, key: str):
        self._key = hashlib.sha256(key.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(self._key))

    def encrypt(self, case: Case) -> str:
        """Encrypt a case and its contacts."""
        contacts = [{name: getattr(contact, name) for name in CONTACT} for contact in case.contacts]
        content = {**{name: getattr(case, name) for name in CASE}, "contacts": contacts}
        return self._fernet.encrypt(json.dumps(content).encode()).decode()

    def decrypt(self, sealed: str) -> dict[str, Any]:
        """Decrypt a case and its contacts.

        Raises:
            cryptography.fernet.InvalidToken: it was encrypted with another key.
        """
        return json.loads(self._fernet.decrypt(sealed))

    def fingerprint(self, text: str) -> str:
        """The keyed hash (HMAC-SHA256) of a text, as hexadecimal digits."""
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()


def must_be_archived(case: Case) -> bool:
    """Whether the law requires its storage: it is registered, and its result wasn't corrected to another one."""
    return not case.erased and case.result in (None, "positive")


def erase(case_reference: str, archive: Archive) -> Case:
    """Erase a case, and archive it if it must be. The pages of its contacts still work.

    The reference is kept, so that a late registration is refused.
    """
    Case.insert(case_reference=case_reference, erased=True).on_conflict_ignore().execute()
    case = Case.get(Case.case_reference == case_reference)
    if must_be_archived(case):
        case.sealed = archive.encrypt(case)
    for contact in case.contacts:
        _delete_personal_data(contact)
    case.given_name = case.family_name = case.date_of_birth = ""
    case.email = case.phone = case.exposed_to = None
    case.erased = True
    case.save()
    return case


def _delete_personal_data(contact: Contact) -> None:
    contact.name = contact.relation = contact.exposure = ""
    contact.email = contact.phone = contact.call = None
    contact.save()
