"""Validity of the certificate that browsers get, for Prometheus: the HTTPS proxy's own metrics don't have it."""

from __future__ import annotations

import logging
import socket
import ssl
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import NamedTuple

from cryptography import x509
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from camunda7.outages import Outage

log = logging.getLogger("hosting.certificates")

# shorter than the timeout of a scrape
TIMEOUT_S = 5


class Validity(NamedTuple):
    """Period in which a certificate is valid."""

    begins_at: datetime
    ends_at: datetime


class CertificateCollector(Collector):
    """Reads the certificate at each scrape. While it can't be read, there are no metrics, but an outage.

    Args:
        read: returns the certificate's validity; raises OSError or ValueError.
    """

    def __init__(self, read: Callable[[], Validity]):
        self._read = read
        self.outage = Outage("certificate of the public address", log)

    def collect(self) -> Iterator[Metric]:
        try:
            validity = self._read()
        except (OSError, ValueError) as error:
            self.outage.record_failure(error)
            return
        self.outage.record_success()
        for what, moment in zip(("begins", "ends"), validity, strict=True):
            name = f"coronacare_certificate_{what}_timestamp_seconds"
            yield GaugeMetricFamily(name, f"When the public certificate's validity {what}", moment.timestamp())


def read_validity(address: str, name: str) -> Validity:
    """Return the validity of the certificate that a server presents; who issued it isn't checked.

    Args:
        address: host:port.
        name: that the certificate is for.

    Raises:
        OSError: no connection, or no certificate for the name.
        ValueError: the certificate can't be parsed.
    """
    context = ssl.create_default_context()
    # an expired certificate, or one of an authority of the institution, has a validity, too
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    host, _, port = address.rpartition(":")
    with (
        socket.create_connection((host, int(port)), TIMEOUT_S) as connection,
        context.wrap_socket(connection, server_hostname=name) as encrypted,
    ):
        certificate = x509.load_der_x509_certificate(encrypted.getpeercert(binary_form=True) or b"")
    return Validity(certificate.not_valid_before_utc, certificate.not_valid_after_utc)
