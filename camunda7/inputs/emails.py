"""E-mail addresses."""

from __future__ import annotations

import idna

from camunda7.inputs.cleaning import clean_code


def clean_email(text: str) -> str:
    """Clean a typed e-mail address of invisible characters.

    The local part keeps its case. A domain in other letters than ASCII is written as in DNS (RFC 5891), so that any
    mail server accepts it. A local part in other letters would need SMTPUTF8 (RFC 6531) on each server of the way:
    it stays as it is, and the form refuses it.
    """
    address = clean_code(text)
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return address
    try:
        return local + at + idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return address
