"""Papers for patients, as PDF, and the page on which anybody checks whether a paper still holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_babel import force_locale, get_timezone, lazy_gettext
from flask_babel import gettext as _

from papers.checking import State, Verdict, check
from papers.documents import Holder, Kind, Paper, find_holder, list_papers
from papers.letter import ENGLISH, Letter, Text, render
from papers.register import IssuedPaper
from processes.cases import Case, find_case, list_starts
from webapp import languages, sessions
from webapp.formatting import day
from webapp.resources import resources
from webapp.results import RESULTS
from webapp.sign_in import count_request, throttle_minutes

pages = Blueprint("papers", __name__)

TITLES = {
    Kind.RESULT: lazy_gettext("COVID-19 test result"),
    Kind.ISOLATION: lazy_gettext("Notice of isolation"),
    Kind.QUARANTINE: lazy_gettext("Notice of quarantine"),
    Kind.RELEASE: lazy_gettext("Release from isolation"),
}
FILE_NAMES = {
    Kind.RESULT: "test-result",
    Kind.ISOLATION: "isolation",
    Kind.QUARANTINE: "quarantine",
    Kind.RELEASE: "release",
}
SPECIMENS = {
    "nasopharyngeal_swab": lazy_gettext("Swab from the nose"),
    "oropharyngeal_swab": lazy_gettext("Swab from the throat"),
    "saliva": lazy_gettext("Saliva"),
}
# the page has initials and a year of birth; its address opens it, so it isn't passed on
CHECK_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@pages.get("/case/papers/<kind>")
def download(kind: str) -> ResponseReturnValue:
    """Issue one of the papers that the case of the session gives now."""
    reference = sessions.case_reference()
    if reference is None:
        return redirect(url_for("sign_in.show_sign_in"))
    case = find_case(resources().engine, reference)
    paper = next((each for each in list_current_papers(case) if each.kind == kind), None) if case else None
    if case is None or paper is None:
        abort(404)
    return issue(case, paper, languages.language())


def list_current_papers(case: Case) -> list[Paper]:
    """Return the papers that a case gives now; of its results, the newest."""
    return [paper for paper in list_papers(case.values, resources().place.zone) if paper.is_current]


def issue(case: Case, paper: Paper, language: str) -> Response:
    """Register a paper, and respond with it as PDF.

    Args:
        language: the patient's, beside which there is English.
    """
    register, options = resources().papers, resources().options
    issued = register.issue(case.reference, paper, case.values.get("correction_number") or 0)
    if issued is None:
        abort(404)
    at = datetime.fromisoformat(issued.issued_at)
    letter = Letter(
        issuer=options.issuer,
        texts=tuple(_write(paper, case, at, each) for each in dict.fromkeys((language, ENGLISH))),
        url=options.public_url + url_for("papers.show_check", token=register.token_of(issued)),
        at=at,
    )
    # without a name: a browser lists it among its downloads
    name = f"coronacare-{FILE_NAMES[paper.kind]}.pdf"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(render(letter), mimetype="application/pdf", headers=headers)


@pages.get("/paper/<token>")
def show_check(token: str) -> ResponseReturnValue:
    """Say whether a paper still holds, with the initials and the year of birth to compare with its holder."""
    if not count_request("papers", resources().options.paper_checks_per_address):
        text = _("Try again in %(minutes)s minutes.", minutes=throttle_minutes())
        page = render_template("error.html", title=_("You've checked too many papers"), text=text)
        return page, 429, CHECK_HEADERS
    issued = resources().papers.find(token)
    case = find_case(resources().engine, issued.case_reference) if issued else None
    holder = find_holder(case.values) if case else None
    if issued is None or case is None or holder is None:
        page = render_template("paper.html", verdict=Verdict(State.UNKNOWN))
        return page, 404, CHECK_HEADERS
    resources().papers.record_check(issued)
    verdict = _judge(issued, case)
    page = render_template("paper.html", verdict=verdict, holder=holder, title=TITLES[Kind(issued.kind)])
    return page, 200, CHECK_HEADERS


def _judge(issued: IssuedPaper, case: Case) -> Verdict:
    register = resources().papers
    fingerprints = {register.fingerprint(paper): paper for paper in list_papers(case.values, resources().place.zone)}
    return check(issued, fingerprints, case.values, list_starts(resources().engine, case.reference))


def _write(paper: Paper, case: Case, at: datetime, language: str) -> Text:
    """Write a paper in one language."""
    with force_locale(languages.LOCALES.get(language, language)):
        policy = resources().options.policy
        return Text(
            language=language,
            title=str(TITLES[paper.kind]),
            dated=_("Issued on %(day)s", day=_day_of(at)),
            statement=_write_statement(paper),
            rows=tuple((str(label), str(value)) for label, value in _list_rows(paper, case) if value),
            check=_(
                "Scan the code to check that this paper still holds. Compare the initials and the year of birth that "
                "you see then with those of the holder."
            ),
            code=_("A QR code with the address below, which says whether this paper still holds"),
            contact=_(
                "Questions: %(email)s, %(phone)s",
                email=_isolate(policy["contact_email"]),
                phone=_isolate(policy["contact_phone"]),
            ),
        )


def _write_statement(paper: Paper) -> str:
    match paper.kind, paper.result:
        case Kind.RESULT, "positive":
            return _("The test found the virus that causes COVID-19.")
        case Kind.RESULT, _result:
            return _("The test didn't find the virus that causes COVID-19.")
        case Kind.ISOLATION, _result:
            return _("Because of COVID-19, this person must stay at home and away from other people.")
        case Kind.QUARANTINE, _result:
            return _(
                "This person was close to someone with COVID-19, and must stay at home and away from other people."
            )
        case _:
            return _("This person's isolation because of COVID-19 is over. They can leave home again.")


def _list_rows(paper: Paper, case: Case) -> list[tuple[Any, Any]]:
    """Return the labels and values of a paper; those without a value aren't printed."""
    person = [(_("Name"), _full_name(paper.holder)), (_("Date of birth"), day(paper.holder.date_of_birth))]
    match paper.kind:
        case Kind.RESULT:
            return [
                *person,
                (_("Result"), RESULTS[paper.result]),
                (_("Test"), _("Molecular test (PCR) for SARS-CoV-2")),
                (_("Sample"), SPECIMENS.get(case.values.get("specimen_type", ""), "")),
                (_("Sample taken on"), day(paper.on)),
                (_("Result given on"), _day_of(case.values["result_told_at"])),
                (_("Laboratory"), resources().options.laboratory),
            ]
        case Kind.RELEASE:
            return [*person, (_("Isolation ended on"), day(paper.on))]
        case _:
            assert paper.until is not None, "of each notice"
            return [*person, (_("From"), day(paper.on)), (_("Until at least"), day(paper.until))]


def _full_name(holder: Holder) -> str:
    return f"{holder.given_name} {holder.family_name}"


def _day_of(moment: datetime) -> str:
    return day(moment.astimezone(get_timezone()).date())


def _isolate(text: str) -> str:
    """Wrap a text in Unicode's isolates, which keep it left-to-right in Arabic."""
    return f"\u2066{text}\u2069"
