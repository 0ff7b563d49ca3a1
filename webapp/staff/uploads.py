"""The pages of laboratory staff: upload a CSV file with results, see what became of each, get the refused rows."""

from __future__ import annotations

import codecs
import logging
from typing import Any

from flask import Response, abort, g, redirect, render_template, request, session, url_for
from werkzeug.exceptions import RequestEntityTooLarge

from hosting.clients.service import Refused, ServiceError
from webapp.resources import resources
from webapp.staff.refusals import list_refusals
from webapp.staff.sign_in import LABORATORY, laboratory_only, pages

log = logging.getLogger("webapp.uploads")

MAX_MEGABYTES = 4
MAX_FILE_BYTES = MAX_MEGABYTES * 1_000_000
# of the form around the file
FORM_BYTES = 10_000
# beginning of a file of Excel (ZIP), and of one of its older versions
WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
TOO_LARGE = f"The file is larger than {MAX_MEGABYTES} MB. Split it into smaller files, each with the header."
NO_FILE = "Choose a file"
EMPTY = "The file is empty. Choose a file with a header and a row for each test."
WORKBOOK = "This is an Excel workbook. In Excel, choose “Save as”, then “CSV UTF-8”, and upload that file."
NO_ANSWER = "The laboratory's service isn't responding, so the file wasn't saved. Upload it again in a few minutes."
# outcomes of services/lab/gateway, with their labels on the page
OUTCOMES = {
    "taken": "Reported to patient and doctor",
    "assigned": "Assigned to a sample by staff",
    "known": "Sent before, nothing to do",
    "preliminary": "Preliminary, so not reported yet",
    "other": "Tests of other illnesses, not needed here",
    "inbox": "Not taken",
    "rejected": "Rejected by staff",
}


def permit_uploads() -> None:
    """Raise the limit of a request in which laboratory staff upload a file; called before its body is read."""
    if request.endpoint == "staff.upload" and session.get(LABORATORY):
        request.max_content_length = MAX_FILE_BYTES + FORM_BYTES


@pages.get("/upload")
@laboratory_only
def choose_file() -> str:
    return render_template("staff/upload.html", max_megabytes=MAX_MEGABYTES)


@pages.post("/upload")
@laboratory_only
def upload() -> Any:
    file = request.files.get("file")
    content = file.read() if file else b""
    if error := _check(content, is_chosen=bool(file and file.filename)):
        return _show_error(error, 400)
    try:
        stored = resources().lab.send_csv(content)
    except Refused as refused:
        return _show_error(TOO_LARGE if refused.status == 413 else EMPTY, 400)
    except ServiceError as error:
        log.warning("a file wasn't stored: %s", error)
        return _show_error(NO_ANSWER, 503)
    log.info("%s uploaded message %d", session[LABORATORY], stored.id)
    return redirect(url_for("staff.show_upload", message_id=stored.id, again=None if stored.is_new else 1), 303)


@pages.errorhandler(413)
def refuse_large_file(error: RequestEntityTooLarge) -> Any:
    return _show_error(TOO_LARGE, 413)


@pages.get("/uploads/<int:message_id>")
@laboratory_only
def show_upload(message_id: int) -> str:
    message = _get_message(message_id)
    g.has_script = not message["is_processed"]
    return render_template(
        "staff/uploaded.html",
        message=message,
        is_repeated="again" in request.args,
        outcomes=[
            (label, message["outcomes"][name]) for name, label in OUTCOMES.items() if name in message["outcomes"]
        ],
        refusals=list_refusals(message["refused"]),
    )


@pages.get("/uploads/<int:message_id>.json")
@laboratory_only
def show_progress(message_id: int) -> dict[str, Any]:
    message = _get_message(message_id)
    return {name: message[name] for name in ("is_processed", "decided", "total")}


@pages.get("/uploads/<int:message_id>/refused.csv")
@laboratory_only
def download_refused_rows(message_id: int) -> Response:
    """Return the refused rows with a byte order mark, by which spreadsheets recognise UTF-8."""
    try:
        text = resources().lab.refused_rows(message_id)
    except Refused:
        abort(404)
    return Response(
        codecs.BOM_UTF8 + text.encode(),
        mimetype="text/csv",
        headers={"Content-Disposition": f"attachment; filename=refused-{message_id}.csv"},
    )


def _check(content: bytes, is_chosen: bool) -> str:
    """Return what is wrong with a file, and what to do; an empty text if it can be sent."""
    if not is_chosen:
        return NO_FILE
    if len(content) > MAX_FILE_BYTES:
        return TOO_LARGE
    if not content.strip():
        return EMPTY
    return WORKBOOK if content.startswith(WORKBOOKS) else ""


def _show_error(error: str, status: int) -> tuple[str, int]:
    return render_template("staff/upload.html", max_megabytes=MAX_MEGABYTES, error=error), status


def _get_message(message_id: int) -> dict[str, Any]:
    try:
        return resources().lab.message(message_id)
    except Refused:
        abort(404)
