"""Secrets in a file's content, by line: tokens of known form everywhere, heuristics only in the team's text."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pipeline_kit.scan.assignments import assignments, is_plain, url_passwords
from pipeline_kit.scan.finding import Finding, find, masked
from pipeline_kit.scan.tokens import PRIVATE_KEY, tokens

LARGEST_CONTENT = 16 << 20
"""Bytes of a file that are read; what is larger is a model or data, and is counted as read in part."""
PROBE = 8192
ELF = b"\x7fELF"
"""What programs and libraries begin with. Those of cryptography, such as gnutls, hold the keys of their self-tests."""
_OTHERS = re.compile(
    r"(?:.*/)?(?:site-packages|dist-packages|node_modules)/.*|app/packages/.*|(?:usr|lib|lib64|bin|sbin|var/lib)/.*"
    r"|(?:.*/)?(?:package-lock\.json|yarn\.lock|poetry\.lock|uv\.lock|Pipfile\.lock|requirements[\w.-]*\.lock)"
)
_FIXTURE = re.compile(r".*/(?:tests?|testing|testdata|examples?)/.*")
_CI = re.compile(
    r"(?:.*/)?(?:[\w.-]*\.gitlab-ci\.ya?ml|Jenkinsfile[\w.-]*|azure-pipelines\.ya?ml|bitbucket-pipelines\.ya?ml)"
    r"|\.github/workflows/.*\.ya?ml|\.circleci/config\.yml|\.gitlab/.*\.ya?ml"
)
NOT_CHECKED_TEXT = re.compile(r".*\.(?:csv|tsv|jsonl|svg|min\.js|map|ipynb_checkpoints|po|pot)", re.IGNORECASE)
"""Text that is data: rows of many random words, in which heuristics are useless. Tokens are still searched."""


def is_binary(content: bytes) -> bool:
    """Whether the content is binary: text has no NUL."""
    return b"\0" in content[:PROBE]


def is_ci_file(path: str) -> bool:
    """Whether a CI server reads it."""
    return _CI.fullmatch(path) is not None


def is_published(path: str) -> bool:
    """Whether the file is of a published package, whose examples the heuristics would report."""
    return _OTHERS.fullmatch(path) is not None


def is_known_to_all(path: str, content: bytes) -> bool:
    """Whether a private key in that file is a published one: of a library's self-test, or of a package's tests."""
    return content.startswith(ELF) or (is_published(path) and _FIXTURE.fullmatch(path) is not None)


def secrets_in(path: str, content: bytes, rule: str = "") -> Iterator[Finding]:
    """The secrets in a file's content, each place once."""
    rule = rule or ("secret_in_ci" if is_ci_file(path) else "secret")
    binary = is_binary(content)
    known: list[tuple[int, int]] = []
    for token in tokens(content):
        if token.kind == PRIVATE_KEY.kind and is_known_to_all(path, content):
            continue
        known.append((token.offset, token.offset + len(token.secret)))
        line = None if binary else line_at(content, token.offset)
        shown = (
            "" if token.kind in ("private key", "PuTTY key") else f": {masked(token.secret.decode(errors='replace'))}"
        )
        yield find(rule, path, f"a {token.kind}{shown}", line, subject=token.kind)
    if binary or is_published(path) or NOT_CHECKED_TEXT.fullmatch(path):
        return
    text = content.decode("latin-1")  # one character a byte, so that offsets are the content's
    for assignment in (*assignments(text, plain=is_plain(path)), *url_passwords(text)):
        if not any(
            start < assignment.offset + len(assignment.secret) and assignment.offset < end for start, end in known
        ):
            known.append((assignment.offset, assignment.offset + len(assignment.secret)))
            shown = masked(assignment.secret.encode("latin-1").decode(errors="replace"))
            yield find(
                rule,
                path,
                f"the {assignment.kind}: {shown}",
                line_at(content, assignment.offset),
                subject=assignment.kind,
            )


def line_at(content: bytes, offset: int) -> int:
    """The line of an offset, from 1."""
    return content.count(b"\n", 0, offset) + 1
