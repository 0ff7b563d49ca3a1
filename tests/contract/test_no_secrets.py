"""No version of any file has a secret: detect-secrets scans each line of the repository's history.

History doesn't change: `make test` scans what came after SCANNED, `make verify` all of it.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

import pytest
from detect_secrets.core.scan import scan_line
from detect_secrets.settings import transient_settings

from config.settings import ROOT

# detectors of known formats; those of high entropy would report each hash in a lock file
DETECTORS = [
    "Artifactory", "AWSKey", "AzureStorageKey", "BasicAuth", "Cloudant", "DiscordBotToken", "GitHubToken",
    "GitLabToken", "JwtToken", "Keyword", "Mailchimp", "Npm", "OpenAI", "PrivateKey",
    "PypiToken", "SendGrid", "Slack", "SquareOAuth", "Stripe", "TelegramBotToken", "TwilioKey",
]  # fmt: skip
# words of the documentation, and test data
NO_SECRETS = {
    "password",
    "admin",
    "hidden",
    "key",
    "the right one",
    "planted-by-a-test",
    "correct horse",
    "engine.password",
    "right",
    "wrong",
    "p&ss",
    "p%26ss",
    "secret",
    "Enter your password",
    # of tests/unit/config/test_secrets.py
    "u3TsfY0aQw8xNnEr2Lbk",
    # of providers that tests start
    "x7Qm-Lr2v-Tn9k",
    "coronacare",
    "kVn0qTz7",
    # a sentence of docs/how-to/sign-in.md
    "method: password`, and `make up` creates the accounts of `config/people.yaml",
    # a script
    "tools/kubernetes-secret",
}
# commit up to which the history has been scanned
SCANNED = "7936596619e6d74163d603b10b6ef22f2b70039a"
NAMES_SEPARATOR = "`, `"
MAX_LINE_LENGTH = 2000


def lines_of_all_versions(after: str = "") -> dict[str, str]:
    """Each line once, with a file that had it.

    Args:
        after: a commit; versions of files up to it are left out.
    """
    chosen = ["--not", after] if after else []
    listed = subprocess.run(
        ["git", "rev-list", "--objects", "--all", *chosen], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    names = dict(line.split(" ", 1) for line in listed.splitlines() if " " in line)
    request = "\n".join(names).encode()
    content = subprocess.run(
        ["git", "cat-file", "--batch"], cwd=ROOT, input=request, capture_output=True, check=True
    ).stdout
    lines: dict[str, str] = {}
    offset = 0
    while offset < len(content):
        end = content.index(b"\n", offset)
        name, kind, size = content[offset:end].split()
        data, offset = content[end + 1 : end + 1 + int(size)], end + 2 + int(size)
        if kind == b"blob" and b"\0" not in data:
            lines |= {line.strip(): names[name.decode()] for line in data.decode(errors="replace").splitlines()}
    return lines


def secrets_in(lines: Iterable[str]) -> list[tuple[str, str]]:
    """Lines with a possible secret, and its kind."""
    with transient_settings({"plugins_used": [{"name": name + "Detector"} for name in DETECTORS]}):
        found = [(line, each) for line in lines if len(line) <= MAX_LINE_LENGTH for each in scan_line(line)]
    return [
        (line, each.type)
        for line, each in found
        if each.secret_value not in NO_SECRETS and NAMES_SEPARATOR not in (each.secret_value or "")
    ]


@pytest.mark.parametrize(
    "after", [pytest.param(SCANNED, marks=pytest.mark.slow), pytest.param("", marks=pytest.mark.verify)]
)
def test_no_version_of_any_file_has_a_secret(after: str) -> None:
    lines = lines_of_all_versions(after)
    assert len(lines) > 1000
    assert [(lines[line], kind) for line, kind in secrets_in(lines)] == []


def test_a_planted_secret_is_found() -> None:
    planted = [
        "AKIA" + "IOSFODNN7EXAMPLQ",
        'password = "' + "u3TsfY0aQw8x" + '"',
        "-----BEGIN RSA " + "PRIVATE KEY-----",
    ]
    assert [kind for _, kind in secrets_in(planted)] == ["AWS Access Key", "Secret Keyword", "Private Key"]
