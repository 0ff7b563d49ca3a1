"""`python -m stack.firewall PART [OPERATOR …]`: nftables rules for a host that runs one part of the platform.

They accept connections from the parts that call it and to those that it calls. Only the front is public.
"""

from __future__ import annotations

import sys
from urllib.parse import urlsplit

from config.settings import Settings, SettingsError, load
from stack.parts import CALLS

# section of the settings with the URL of a part's database
DATABASES = {part: part for part in ("engine", "lab", "government", "sms")} | {
    "webapp": "records",
    "workers": "records",
}
POSTGRESQL = 5432

RULES = """\
table inet coronacare {{
  chain inwards {{
    type filter hook input priority 0; policy drop;
    iif lo accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    {inwards}
    meta l4proto {{ tcp, udp }} counter drop
  }}
  chain outwards {{
    type filter hook output priority 0; policy drop;
    oif lo accept
    ct state established,related accept
    meta l4proto ipv6-icmp accept
    {outwards}
    meta l4proto {{ tcp, udp }} counter reject
  }}
}}
"""


class UnknownPart(Exception):
    """The settings have no such part; the message lists those they have."""


def format_rules(part: str, settings: Settings, operators: list[str]) -> str:
    """Format the rules of a host, for nftables.

    Args:
        part: the part that the host runs.
        operators: addresses of hosts that may connect by SSH and scrape metrics.

    Raises:
        UnknownPart: the settings have no such part, or no URL for it.
    """
    addresses = _addresses(settings)
    if part not in addresses:
        raise UnknownPart(f"there is no part {part}: choose of {', '.join(addresses)}")
    metrics_port = urlsplit(settings.front.metrics_url).port if part == "front" else addresses[part][1]
    inwards = [f"ip saddr {{ {', '.join(operators)} }} tcp dport {{ 22, {metrics_port} }} accept"] if operators else []
    inwards += _from_callers(part, addresses)
    outwards = [_to(*addresses[called]) for called in CALLS.get(part, ()) if called in addresses]
    outwards += _to_database(part, settings)
    return RULES.format(inwards="\n    ".join(inwards), outwards="\n    ".join(outwards))


def _addresses(settings: Settings) -> dict[str, tuple[str, int]]:
    parts = ("engine", "webapp", "lab", "government", "sms", "mail", "workers")
    addresses = {name: (getattr(settings, name).host, getattr(settings, name).port) for name in parts}
    if settings.front.url:
        address = urlsplit(settings.front.url)
        addresses["front"] = (str(address.hostname), address.port or (443 if address.scheme == "https" else 80))
    return addresses


def _from_callers(part: str, addresses: dict[str, tuple[str, int]]) -> list[str]:
    port = addresses[part][1]
    if part == "front":
        return [f"tcp dport {port} accept"]
    callers = sorted({addresses[caller][0] for caller in addresses if part in CALLS.get(caller, ())})
    return [f"ip saddr {{ {', '.join(callers)} }} tcp dport {port} accept"] if callers else []


def _to_database(part: str, settings: Settings) -> list[str]:
    """Return the rule for a part's database, unless that is a file."""
    if part not in DATABASES:
        return []
    address = urlsplit(getattr(settings, DATABASES[part]).database_url.removeprefix("jdbc:"))
    return (
        [_to(address.hostname, address.port or POSTGRESQL)]
        if address.scheme == "postgresql" and address.hostname
        else []
    )


def _to(host: str, port: int) -> str:
    return f"ip daddr {host} tcp dport {port} accept"


def main(arguments: list[str]) -> int:
    if not arguments:
        print(__doc__)
        return 2
    try:
        print(format_rules(arguments[0], load(), arguments[1:]), end="")
    except (UnknownPart, SettingsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
