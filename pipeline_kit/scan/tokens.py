"""Secrets that are known by their form alone: private keys and tokens of well-known services.

Own patterns rather than a library: detect-secrets had no release from 2024 on, and reads 0.6 MB a second where an
image has hundreds; here a substring that a token must hold is looked for first, which reads hundreds of MB a second.
The forms are those that the services document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

BASE64 = rb"[A-Za-z0-9+/]"
URL_SAFE = rb"[A-Za-z0-9_-]"
MOST_A_FILE = 50


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of secret: every one contains one of `marks`, `pattern` has the secret as its group `it`."""

    kind: str
    marks: tuple[bytes, ...]
    pattern: re.Pattern[bytes]


@dataclass(frozen=True, slots=True)
class Token:
    """A secret that was found: its kind, its offset, and the secret itself, which is never shown."""

    kind: str
    offset: int
    secret: bytes


def form(kind: str, marks: bytes | tuple[bytes, ...], pattern: bytes) -> Form:
    """A form whose secret is bounded by what no token holds."""
    bounded = rb"(?<![A-Za-z0-9_-])(?P<it>" + pattern + rb")(?![A-Za-z0-9_-])"
    return Form(kind, marks if isinstance(marks, tuple) else (marks,), re.compile(bounded))


PRIVATE_KEY = Form(
    "private key",
    (b"PRIVATE KEY",),
    re.compile(
        rb"(?P<it>-----BEGIN (?:[A-Z0-9]{2,12} ){0,2}PRIVATE KEY(?: BLOCK)?-----)"
        rb"(?:\\[nr]|[\s\"'+,]){0,80}(?:[A-Za-z-]{3,20}: [^\n]{0,200}\r?\n){0,8}(?:\\[nr]|[\s\"'+,]){0,80}"
        + BASE64
        + rb"{40}"
    ),
)
FORMS = (
    PRIVATE_KEY,
    form("PuTTY key", b"PuTTY-User-Key-File-", rb"PuTTY-User-Key-File-[23]"),
    form("age key", b"AGE-SECRET-KEY-1", rb"AGE-SECRET-KEY-1[0-9A-Z]{58}"),
    form("AWS access key", (b"AKIA", b"ASIA", b"ABIA", b"ACCA"), rb"(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}"),
    form("GitHub token", (b"ghp_", b"gho_", b"ghu_", b"ghs_", b"ghr_"), rb"gh[pousr]_[A-Za-z0-9]{36,251}"),
    form("GitHub token", b"github_pat_", rb"github_pat_[A-Za-z0-9_]{40,}"),
    form(
        "GitLab token",
        (b"glpat-", b"gldt-", b"glrt-", b"glcbt-", b"glptt-", b"glft-", b"glsoat-", b"glagent-"),
        rb"gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_.-]{20,}",
    ),
    form("Slack token", b"xox", rb"xox[abeoprs]-[0-9A-Za-z-]{20,}"),
    Form(
        "Slack webhook",
        (b"hooks.slack.com/services/",),
        re.compile(rb"(?P<it>hooks\.slack\.com/services/T[A-Z0-9]{6,}/B[A-Z0-9]{6,}/[A-Za-z0-9]{20,})"),
    ),
    form("Google API key", b"AIza", rb"AIza" + URL_SAFE + rb"{35}"),
    form("Google client secret", b"GOCSPX-", rb"GOCSPX-" + URL_SAFE + rb"{28}"),
    form("Stripe key", (b"k_live_",), rb"[sr]k_live_[0-9A-Za-z]{20,}"),
    form("PyPI token", (b"pypi-AgE",), rb"pypi-AgE(?:IcHlwaS5vcmc|NdGVzdC5weXBpLm9yZ)" + URL_SAFE + rb"{50,}"),
    form("npm token", b"npm_", rb"npm_[A-Za-z0-9]{36}"),
    form("Hugging Face token", b"hf_", rb"hf_[A-Za-z]{34}"),
    form("OpenAI key", b"T3BlbkFJ", rb"sk-" + URL_SAFE + rb"{20,}T3BlbkFJ" + URL_SAFE + rb"{20,}"),
    form("Anthropic key", b"sk-ant-", rb"sk-ant-[a-z]{2,8}\d\d-" + URL_SAFE + rb"{80,}"),
    form("SendGrid key", b"SG.", rb"SG\." + URL_SAFE + rb"{22}\." + URL_SAFE + rb"{43}"),
    form("Azure storage key", b"AccountKey=", rb"AccountKey=" + BASE64 + rb"{86}=="),
    form("DigitalOcean token", b"_v1_", rb"do[opr]_v1_[a-f0-9]{64}"),
    form("Databricks token", b"dapi", rb"dapi[a-f0-9]{32}"),
    form("Vault token", (b"hvs.", b"hvb."), rb"hv[sb]\." + URL_SAFE + rb"{24,}"),
    form("Terraform token", b".atlasv1.", rb"[A-Za-z0-9]{14}\.atlasv1\." + URL_SAFE + rb"{60,}"),
    form("Docker Hub token", b"dckr_pat_", rb"dckr_pat_" + URL_SAFE + rb"{27,}"),
    form("Grafana token", (b"glsa_", b"glc_"), rb"glsa_[A-Za-z0-9]{32}_[a-f0-9]{8}|glc_[A-Za-z0-9+/]{40,}"),
    form("Telegram token", b":AA", rb"\d{8,10}:AA" + URL_SAFE + rb"{33}"),
    form("JSON web token", b"eyJ", rb"eyJ" + URL_SAFE + rb"{12,}\.eyJ" + URL_SAFE + rb"{12,}\." + URL_SAFE + rb"{20,}"),
)
SAMPLES = re.compile(rb"EXAMPLE|(?i:x{6}|0{8}|1234567890?abcdef|abcdefghij|placeholder|your[_-])")


def tokens(content: bytes) -> Iterator[Token]:
    """The tokens in a file's content, text or not; without the examples of documentation."""
    for form in FORMS:
        if any(mark in content for mark in form.marks):
            for number, match in enumerate(form.pattern.finditer(content)):
                if number >= MOST_A_FILE:
                    break
                if not SAMPLES.search(match["it"]) and varied(match["it"], form.kind):
                    yield Token(form.kind, match.start("it"), match["it"])


def varied(secret: bytes, kind: str) -> bool:
    """Whether a token has as many different characters as a random one has; a key's first line always counts."""
    return kind in ("private key", "PuTTY key") or len(set(secret[-20:])) >= 8
