"""Sign-in of patients: by access code and date of birth, or by a link that was sent to them and the date of birth.

Attempts are throttled. An unknown code and a wrong date of birth get the same response. Patients who have lost their
code, or whose code is locked because others guessed at it, request a new link, sent to the address of their case.

A link opens its case. Twins who share an address are distinguished by their given name, which the page requests after
a correct date of birth. A link also lets people switch to their other cases: it proves that they receive the messages
sent to this address. A code proves no such thing, as the address in a request for evaluation isn't verified.

Anyone who answers for a household signs in to each of its cases, and may keep those open that are open already.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv6Network, ip_address

from flask import Blueprint, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from camunda7.forms import Form
from camunda7.forms.posting import SHOWN
from camunda7.forms.rules import EMAIL
from camunda7.inputs.cleaning import clean_code, clean_line
from camunda7.inputs.emails import clean_email
from camunda7.inputs.telephones import parse_telephone
from processes.cases import Case, find_case
from records.access import normalize_address, normalize_code
from webapp import languages, persons, sessions
from webapp.formatting import translated
from webapp.resources import resources

pages = Blueprint("sign_in", __name__)

# (id of the input, message)
Problems = list[tuple[str, str]]

THROTTLE_WINDOW = timedelta(minutes=15)
# for a code, and likewise for a link and for a manager's account
MAX_ATTEMPTS_PER_CODE = 5
MAX_LINKS = 3
LINKS_WINDOW = timedelta(hours=1)
LINK_MESSAGE = "link_wanted"
DATE_OF_BIRTH = "date_of_birth"
# as the field date_of_birth of forms/pre_screening.form
DATE_OF_BIRTH_FORM = Form.parse(
    {
        "type": "default",
        "id": "sign_in",
        "components": [
            {
                "type": "datetime",
                "subtype": "date",
                "id": DATE_OF_BIRTH,
                "key": DATE_OF_BIRTH,
                "dateLabel": "Date of birth",
                "validate": {"required": True},
                # a text of the form pre_screening
                "properties": {
                    "missing": "Enter a date of birth",
                    "notBefore": "today - 130 years",
                    "notAfter": "today",
                },
            }
        ],
    }
)


@pages.get("/sign-in")
def show_sign_in() -> str:
    return render_template("sign_in.html", answers_saved=session.pop("answers_saved", False))


@pages.post("/sign-in")
def sign_in() -> ResponseReturnValue:
    code = _read_access_code()
    date_of_birth, problems = read_date_of_birth()
    if not normalize_code(code):
        # an empty code isn't an attempt at anyone's case: it isn't counted
        problems.insert(0, ("access_code", _("Enter your access code")))
        return render_template("sign_in.html", problems=problems), 403
    # normalized, as Access looks codes up: other spellings of a code don't get attempts of their own
    subject = f"code {normalize_code(code)}"
    allowed = allow_attempt(subject)
    case_reference = resources().access.find_case_by_code(code, date_of_birth)
    if not allowed:
        return render_template("sign_in.html", locked=True, minutes=throttle_minutes()), 429
    if case_reference is None and not problems:
        problems = [("access_code", _("The access code or the date of birth is wrong. Check both and try again."))]
    if problems or case_reference is None:
        return render_template("sign_in.html", problems=problems), 403
    return _open_case(case_reference, subject)


@pages.get("/link/<token>")
def show_link(token: str) -> str:
    return render_template("link.html", token=token)


@pages.post("/link/<token>")
def sign_in_by_link(token: str) -> ResponseReturnValue:
    date_of_birth, problems = read_date_of_birth()
    # one limit for all links to a case: each attempt guesses the same date of birth
    subject = f"link {resources().access.find_case_by_link(token) or token}"
    allowed = allow_attempt(subject)
    needs_name = "given_name" in request.form
    given_name = clean_line(request.form.get("given_name", "")[:200])
    if needs_name and not given_name:
        problems.insert(0, ("given_name", _("Enter the given name")))
    link = resources().access.open_link(token, date_of_birth)
    if not allowed:
        return render_template("link.html", token=token, locked=True, minutes=throttle_minutes()), 429
    if link.is_expired and not problems:
        return render_template("link.html", token=token, expired=True), 410
    if problems or link.case_reference is None:
        problems = problems or _describe_mismatch(needs_name)
        return render_template("link.html", token=token, problems=problems, needs_name=needs_name), 403
    case, others = _find_related_cases(link.case_reference)
    if case and persons.needs_given_name(case, others) and not persons.has_given_name(case, given_name):
        problems = _describe_mismatch(needs_name) if needs_name else []
        return render_template("link.html", token=token, problems=problems, needs_name=True), 403
    own = [other.reference for other in others if case and persons.is_same_person(case, other)]
    return _open_case(link.case_reference, subject, [link.case_reference, *own])


def _describe_mismatch(needs_name: bool) -> Problems:
    if needs_name:
        return [("given_name", _("The given name or the date of birth is wrong. Check both and try again."))]
    return [("date_of_birth-day", _("The date of birth doesn't match this link. Check it and try again."))]


def _find_related_cases(case_reference: str) -> tuple[Case | None, list[Case]]:
    """Return a case, and the other cases with its address and date of birth.

    Without other cases it returns (None, []) and doesn't call the engine: there are no names to compare.
    """
    others = resources().access.find_related_cases(case_reference)
    if not others:
        return None, []
    engine = resources().engine
    return find_case(engine, case_reference), [case for each in others if (case := find_case(engine, each))]


@pages.post("/link/<token>/renew")
def renew(token: str) -> ResponseReturnValue:
    """Send a new link to the address of the case; the response doesn't reveal whether there is one."""
    case_reference = resources().access.find_case_by_link(token)
    case = find_case(resources().engine, case_reference) if case_reference else None
    if case is not None:
        address = case.values.get("email") if case.values.get("channel") == "email" else case.values.get("phone")
        _send_link(case.reference, address or "", case.values.get("language") or "en")
    return render_template("link_sent.html")


@pages.route("/lost-code", methods=["GET", "POST"])
def lost_code() -> ResponseReturnValue:
    """Send links to all cases with this address and date of birth; the response doesn't reveal whether any exist."""
    if request.method == "GET":
        return render_template("lost_code.html")
    date_of_birth, problems = read_date_of_birth()
    address = _read_address()
    if not (EMAIL.fullmatch(address) or re.search("[0-9]", address)):
        problems.insert(0, ("address", _("Enter your email address or mobile number")))
    if problems:
        return render_template("lost_code.html", problems=problems), 403
    if not allow_attempt(f"lost {normalize_address(address)}"):
        return render_template("lost_code.html", locked=True, minutes=throttle_minutes()), 429
    for case_reference in resources().access.find_cases_by_address(address, date_of_birth):
        _send_link(case_reference, normalize_address(address), languages.language())
    return render_template("link_sent.html")


@pages.post("/sign-out")
def sign_out() -> Response:
    sessions.end()
    return redirect(url_for("patient.home"))


def _send_link(case_reference: str, address: str, language: str) -> None:
    if not address or not resources().login_throttle.allow(f"links of {case_reference}", MAX_LINKS, LINKS_WINDOW):
        return
    key = f"{case_reference}/{LINK_MESSAGE}/{secrets.token_hex(8)}"
    channel = "email" if "@" in address else "sms"
    resources().outbox.add(key, channel, address, LINK_MESSAGE, language)


def _open_case(case_reference: str, subject: str, of_person: Sequence[str] = ()) -> Response:
    reset_attempts(subject)
    sessions.open_case(case_reference, of_person, keeps_others="keep_open" in request.form)
    return redirect(url_for("patient.case"), 303)


def allow_attempt(subject: str) -> bool:
    """Count a sign-in attempt; returns whether the subject and the client's address are both within their limits.

    Args:
        subject: what is guessed at: a code, the links to a case, an account.
    """
    throttle, max_per_address = resources().login_throttle, resources().options.sign_in_attempts_per_address
    subject_allowed = throttle.allow(subject, MAX_ATTEMPTS_PER_CODE, THROTTLE_WINDOW)
    address_allowed = throttle.allow(_client_subject(), max_per_address, THROTTLE_WINDOW)
    return subject_allowed and address_allowed


def count_request(purpose: str, limit: int) -> bool:
    """Count a request of the client's address; returns whether it is among the first `limit` of the window."""
    return resources().login_throttle.allow(f"{purpose} {_client_subject()}", limit, THROTTLE_WINDOW)


def reset_attempts(subject: str) -> None:
    """After a successful sign-in, delete the attempts at a subject and discount one from the client's address."""
    resources().login_throttle.reset(subject)
    resources().login_throttle.refund(_client_subject())


def _client_subject() -> str:
    return f"address {normalize_network(request.remote_addr or '')}"


def normalize_network(text: str) -> str:
    """Return the network that shares one limit: an IPv4 address, or the IPv6 /64 that one connection is assigned.

    Args:
        text: an address as servers and proxies write it: with a port, in brackets, with a zone, IPv4 within IPv6. A
            text that isn't an address ("unknown", RFC 7239 6.2) is returned as it is, cut to 100 characters.
    """
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([^:]*):\d+$", r"\1\3", text.strip())
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return text[:100]
    if address.version == 6:
        address = address.ipv4_mapped or address.sixtofour or address
    return str(address if address.version == 4 else IPv6Network((int(address), 64), strict=False))


def _read_access_code() -> str:
    return clean_code(request.form.get("access_code", "")[:100])


def _read_address() -> str:
    """Read an e-mail address or telephone number, normalized as the form evaluation_request does."""
    typed = request.form.get("address", "")[:200]
    if "@" in clean_code(typed):
        return clean_email(typed)
    return parse_telephone(typed, resources().place.telephone_region) or clean_code(typed)


def read_date_of_birth() -> tuple[str, Problems]:
    """Read and validate the date of birth: as an ISO date, empty if there is none, and its problems."""
    posted = MultiDict((key, text[:20]) for key, text in request.form.items() if key.startswith(DATE_OF_BIRTH))
    posted[SHOWN] = DATE_OF_BIRTH
    answers = DATE_OF_BIRTH_FORM.read(posted, place=resources().place)
    problems = DATE_OF_BIRTH_FORM.problems(DATE_OF_BIRTH_FORM.pages[0], answers, translated)
    return answers.values[DATE_OF_BIRTH] or "", problems


def throttle_minutes() -> int:
    return int(THROTTLE_WINDOW.total_seconds() // 60)
