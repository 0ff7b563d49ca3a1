"""The health authority: the configured format with its transport."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote, urlsplit

from reporting import elr, fhir, sormas
from reporting.folder import Folder
from reporting.http import Http
from reporting.message import Message, Transport
from reporting.mllp import Mllp
from reporting.report import Parties, Report

log = logging.getLogger("reporting")

MLLP_PORT = 2575


@dataclass(frozen=True)
class Format:
    """A format.

    Attributes:
        needs_result: it is a laboratory's report, which a case without a result can't have.
    """

    write: Callable[[Report, Parties], bytes]
    content_type: str
    suffix: str
    needs_result: bool


def _format(module: ModuleType, needs_result: bool) -> Format:
    return Format(module.write, module.CONTENT_TYPE, module.SUFFIX, needs_result)


FORMATS = {"elr": _format(elr, True), "fhir": _format(fhir, True), "sormas": _format(sormas, False)}


@dataclass(frozen=True)
class Endpoint:
    """How the receiver is reached.

    Attributes:
        url: mllp://, mllps://, http://, https:// or file://.
        token: for HTTP.
        ca: file with the authorities of the receiver's certificate; the system's if it is None.
        certificate: file with our certificate, if the receiver asks for one.
        key: file with its private key.
    """

    url: str
    token: str = field(default="", repr=False)
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


class Authority:
    """A health authority that gets reports of registered cases."""

    def __init__(self, format: Format, parties: Parties, transport: Transport):
        self._format = format
        self._parties = parties
        self._transport = transport

    def send(self, report: Report) -> None:
        """Send a report, as often as it is repeated the same message.

        Raises:
            ServiceError: the receiver refused it, or can't be reached, or the report is incomplete.
        """
        if self._format.needs_result and not report.has_result:
            log.info("%s: not reported, because no sample gave a result", report.case_reference)
            return
        content = self._format.write(report, self._parties)
        self._transport.send(Message(report.control_id, content, self._format.content_type, self._format.suffix))


def create_transport(endpoint: Endpoint) -> Transport:
    """Create the transport of a URL."""
    url = urlsplit(endpoint.url)
    if url.scheme == "file":
        return Folder(Path(unquote(url.path)))
    if url.scheme in ("http", "https"):
        files = (str(endpoint.certificate), str(endpoint.key or endpoint.certificate)) if endpoint.certificate else None
        return Http(endpoint.url, endpoint.token, str(endpoint.ca or ""), files)
    context = _tls_context(endpoint) if url.scheme == "mllps" else None
    return Mllp(url.hostname or "", url.port or MLLP_PORT, context)


def _tls_context(endpoint: Endpoint) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=endpoint.ca)
    if endpoint.certificate:
        context.load_cert_chain(endpoint.certificate, endpoint.key)
    return context
