"""Renamed settings: the old names are read for one version, with a warning that names the new one."""

from __future__ import annotations

import sys
from typing import Any

# section, old name: new name
RENAMED = {
    ("front", "pages_at_once"): "max_concurrent_pages",
    ("webapp", "attempts_per_address"): "sign_in_attempts_per_address",
    ("webapp", "claim_s"): "lease_s",
    ("webapp", "proxies"): "trusted_proxies",
    ("webapp", "timings"): "server_timing",
    ("workers", "claim_s"): "lease_s",
    ("workers", "poll_s"): "long_poll_s",
    ("workers", "stop_within_s"): "shutdown_timeout_s",
}


class DuplicateSetting(Exception):
    """A file, or the environment, sets a setting under its old and its new name."""


def with_new_names(values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of one source with the new names of settings; prints a warning on standard error for each.

    Raises:
        DuplicateSetting: both names are set.
    """
    return {
        section: _section_with_new_names(section, dict(content)) if isinstance(content, dict) else content
        for section, content in values.items()
    }


def _section_with_new_names(section: str, content: dict[str, Any]) -> dict[str, Any]:
    for (name, old), new in RENAMED.items():
        if name != section or old not in content:
            continue
        if new in content:
            raise DuplicateSetting(
                f"{name}.{old} is the old name of {name}.{new}, which is set, too: remove {name}.{old}"
            )
        print(f"warning: the setting {name}.{old} is now {name}.{new}; rename it", file=sys.stderr)
        content[new] = content.pop(old)
    return content
