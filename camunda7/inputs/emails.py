"""E-mail addresses."""

from __future__ import annotations

import idna

from camunda7.inputs.cleaning import clean_code


def clean_email(text: str) -> str:
    """Clean a typed e-mail address: without invisible characters, with the domain in ASCII.

    The local part keeps its case. A domain with non-ASCII letters is encoded for DNS (RFC 5891), so that any mail
    server accepts it. A non-ASCII local part would need SMTPUTF8 (RFC 6531) on each mail server on the way: it is
    unchanged here, and refused by the form.
    """
    address = clean_code(text)
    local, at, domain = address.rpartition("@")
    if not at or domain.isascii():
        return address
    try:
        return local + at + idna.encode(domain, uts46=True).decode("ascii")
    except idna.IDNAError:
        return address
