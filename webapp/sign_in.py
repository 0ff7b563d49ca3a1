"""Coming back to a case: by access code and date of birth, or by a link that was sent, and the date of birth.

Whoever is wrong too often waits; an unknown code and a wrong date of birth look the same. The way back in for whoever
lost the code, or was locked out by somebody else, is a new link to where their messages go.

A link opens its case. Twins who share an address are distinguished by their given name, which is asked for once the
date of birth was right. Only a link lets people change to their other cases, for it went to their own address: a code
comes with every request, whatever address was typed into it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from datetime import timedelta
from ipaddress import IPv6Network, ip_address

from flask import Blueprint, redirect, render_template, request, session, url_for
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

Answer = str | Response | tuple[str, int]
# the id of each input, and the message
Problems = list[tuple[str, str]]

WAIT = timedelta(minutes=15)
MOST_PER_CODE = 5
MOST_LINKS = 3
LINKS_WITHIN = timedelta(hours=1)
NEW_LINK = "link_wanted"
BIRTH = "date_of_birth"
# the same field as in the form pre_screening
BIRTH_FORM = Form.parse(
    {
        "type": "default",
        "id": "sign_in",
        "components": [
            {
                "type": "datetime",
                "subtype": "date",
                "id": BIRTH,
                "key": BIRTH,
                "dateLabel": "Date of birth",
                "validate": {"required": True},
                "properties": {"notBefore": "today - 130 years", "notAfter": "today"},
            }
        ],
    }
)


@pages.get("/sign-in")
def ask() -> str:
    return render_template("sign_in.html", kept=session.pop("kept", False))


@pages.post("/sign-in")
def sign_in() -> Answer:
    code = _access_code()
    birth, problems = _date_of_birth()
    if not normalize_code(code):
        # nobody's code: it isn't tried, and counts for none
        problems.insert(0, ("access_code", _("Enter your access code")))
        return render_template("sign_in.html", problems=problems), 403
    # as it is looked up: however it is typed, it is the same code
    attempt = f"code {normalize_code(code)}"
    allowed = is_allowed(attempt)
    case_reference = resources().access.find_case_by_code(code, birth)
    if not allowed:
        return render_template("sign_in.html", locked=True, minutes=_minutes()), 429
    if case_reference is None and not problems:
        problems = [("access_code", _("The access code or the date of birth is wrong. Check both and try again."))]
    if problems or case_reference is None:
        return render_template("sign_in.html", problems=problems), 403
    return _opened(case_reference, attempt)


@pages.get("/link/<token>")
def ask_by_link(token: str) -> str:
    return render_template("link.html", token=token)


@pages.post("/link/<token>")
def sign_in_by_link(token: str) -> Answer:
    birth, problems = _date_of_birth()
    # all links to a case are guesses at the same date of birth
    attempt = f"link {resources().access.find_case_by_link(token) or token}"
    allowed = is_allowed(attempt)
    asks_name = "given_name" in request.form
    given_name = clean_line(request.form.get("given_name", "")[:200])
    if asks_name and not given_name:
        problems.insert(0, ("given_name", _("Enter the given name")))
    found = resources().access.open_link(token, birth)
    if not allowed:
        return render_template("link.html", token=token, locked=True, minutes=_minutes()), 429
    if found.is_expired and not problems:
        return render_template("link.html", token=token, expired=True), 410
    if problems or found.case_reference is None:
        problems = problems or _wrong_at_link(asks_name)
        return render_template("link.html", token=token, problems=problems, asks_name=asks_name), 403
    case, others = _sharing(found.case_reference)
    if case and persons.needs_given_name(case, others) and not persons.is_named(case, given_name):
        problems = _wrong_at_link(asks_name) if asks_name else []
        return render_template("link.html", token=token, problems=problems, asks_name=True), 403
    own = [other.reference for other in others if case and persons.is_same_person(case, other)]
    return _opened(found.case_reference, attempt, [found.case_reference, *own])


def _wrong_at_link(asks_name: bool) -> Problems:
    if asks_name:
        return [("given_name", _("The given name or the date of birth is wrong. Check both and try again."))]
    return [("date_of_birth-day", _("The date of birth doesn't match this link. Check it and try again."))]


def _sharing(case_reference: str) -> tuple[Case | None, list[Case]]:
    """A case, and the others with its address and date of birth."""
    others = resources().access.find_related_cases(case_reference)
    if not others:
        return None, []
    engine = resources().engine
    return find_case(engine, case_reference), [case for each in others if (case := find_case(engine, each))]


@pages.route("/cases", methods=["GET", "POST"])
def choose_case() -> Answer:
    """Which case to open, where the session has proved to be of a person with several."""
    own = sessions.cases_of_person()
    if not own:
        return redirect(url_for("patient.case"))
    chosen = request.form.get("case", "")
    if chosen in own:
        sessions.open_case(chosen, own)
        return redirect(url_for("patient.case"), 303)
    engine = resources().engine
    cases = [case for each in own if (case := find_case(engine, each))]
    return render_template("cases.html", cases=cases, is_missing=request.method == "POST")


@pages.post("/link/<token>/renew")
def renew(token: str) -> Answer:
    """Send a new link to where the case's messages go; whoever has the old one learns nothing by it."""
    case_reference = resources().access.find_case_by_link(token)
    case = find_case(resources().engine, case_reference) if case_reference else None
    if case is not None:
        address = case.values.get("email") if case.values.get("channel") == "email" else case.values.get("phone")
        _send_link(case.reference, address or "", case.values.get("language") or "en")
    return render_template("link_sent.html")


@pages.route("/lost-code", methods=["GET", "POST"])
def lost_code() -> Answer:
    """Send links to all cases of people with this birthday whose messages go to this address: there or not."""
    if request.method == "GET":
        return render_template("lost_code.html")
    birth, problems = _date_of_birth()
    address = _typed_address()
    if not (EMAIL.fullmatch(address) or re.search("[0-9]", address)):
        problems.insert(0, ("address", _("Enter your email address or mobile number")))
    if problems:
        return render_template("lost_code.html", problems=problems), 403
    if not is_allowed(f"lost {normalize_address(address)}"):
        return render_template("lost_code.html", locked=True, minutes=_minutes()), 429
    for case_reference in resources().access.find_cases_by_address(address, birth):
        _send_link(case_reference, normalize_address(address), languages.language())
    return render_template("link_sent.html")


@pages.post("/sign-out")
def sign_out() -> Response:
    sessions.end()
    return redirect(url_for("patient.home"))


def _send_link(case_reference: str, address: str, language: str) -> None:
    if not address or not resources().login_throttle.allow(f"links of {case_reference}", MOST_LINKS, LINKS_WITHIN):
        return
    key = f"{case_reference}/{NEW_LINK}/{secrets.token_hex(8)}"
    channel = "email" if "@" in address else "sms"
    resources().outbox.add(key, channel, address, NEW_LINK, language)


def _opened(case_reference: str, attempt: str, of_person: Sequence[str] = ()) -> Response:
    reset_attempts(attempt)
    sessions.open_case(case_reference, of_person)
    return redirect(url_for("patient.case"), 303)


def is_allowed(what: str) -> bool:
    """Count an attempt at this, from this address; both must have some left."""
    at_this = resources().login_throttle.allow(what, MOST_PER_CODE, WAIT)
    from_here = resources().login_throttle.allow(_address(), resources().options.sign_in_attempts_per_address, WAIT)
    return at_this and from_here


def reset_attempts(what: str) -> None:
    """The attempt doesn't count, nor those before it at the same."""
    resources().login_throttle.reset(what)
    resources().login_throttle.refund(_address())


def _address() -> str:
    return f"address {network_of(request.remote_addr or '')}"


def network_of(text: str) -> str:
    """Whom to count as one: an IPv4 address, or the /64 network that one connection gets of IPv6.

    Args:
        text: an address as servers and proxies write it: with a port, in brackets, with a zone, IPv4 within IPv6. What
            is none ("unknown", RFC 7239 6.2) is counted as it is.
    """
    bare = re.sub(r"^\[(.*)\](:\d+)?$|^([^:]*):\d+$", r"\1\3", text.strip())
    try:
        address = ip_address(bare.partition("%")[0])
    except ValueError:
        return text[:100]
    if address.version == 6:
        address = address.ipv4_mapped or address.sixtofour or address
    return str(address if address.version == 4 else IPv6Network((int(address), 64), strict=False))


def _access_code() -> str:
    return clean_code(request.form.get("access_code", "")[:100])


def _typed_address() -> str:
    """An e-mail address or telephone number as the form evaluation_request stores it."""
    typed = request.form.get("address", "")[:200]
    if "@" in clean_code(typed):
        return clean_email(typed)
    return parse_telephone(typed, resources().place.telephone_region) or clean_code(typed)


def _date_of_birth() -> tuple[str, Problems]:
    """The date of birth that was typed, and what is wrong with it."""
    posted = MultiDict((key, text[:20]) for key, text in request.form.items() if key.startswith(BIRTH))
    posted[SHOWN] = BIRTH
    answers = BIRTH_FORM.read(posted, place=resources().place)
    problems = BIRTH_FORM.problems(BIRTH_FORM.pages[0], answers, translated)
    return answers.values[BIRTH] or "", problems


def _minutes() -> int:
    return int(WAIT.total_seconds() // 60)
