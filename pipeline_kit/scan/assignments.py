"""Values that text gives to names: in code, in configuration files, in shell and CI files, and passwords in URLs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePosixPath

from pipeline_kit.scan.heuristic import is_placeholder, is_secret_name, is_secret_value

STARTS = ("passw", "passphrase", "pwd", "secret", "token", "credential", "key")
"""Every name of a secret contains one of these. Searched as substrings, ten times as fast as by an expression."""
PLAIN_SUFFIXES = (
    ".env", ".ini", ".cfg", ".conf", ".properties", ".yml", ".yaml", ".toml", ".sh", ".bash", ".envrc", ".tfvars",
    ".txt",
)  # fmt: skip
PLAIN_NAMES = ("dockerfile", "containerfile", "jenkinsfile", "makefile", "credentials", "config")
MOST_A_FILE = 50
MOST_NAMES = 100_000
"""Names in one file, of each kind; a file with more is generated, and no person has put a secret into it."""

_QUOTED = re.compile(
    r"(?P<end>[\w.-]{0,50})[\"']?\]?\s{0,8}(?::\s{0,4}[A-Za-z][\w\[\], |.]{0,40}?)?\s{0,8}(?::=|=>|=|:)\s{0,8}"
    r"(?:[rbu]{1,2})?(?P<quote>[\"'])(?P<value>[^\"'\n]{6,512})(?P=quote)",
    re.IGNORECASE,
)
_PLAIN = re.compile(
    r"(?P<end>[\w.-]{0,50})[\"']?[ \t]{0,8}[:=][ \t]{0,8}"
    r"(?P<value>[^\s\"'#,;&|<>(){}\[\]]{6,512})[ \t]*(?:$|#|\n|;|&|\\)",
    re.MULTILINE,
)
_BEFORE = re.compile(r"[\w.-]{0,40}$")
_HEADER = re.compile(
    r"authorization[\"']?\s{0,4}[:=]\s{0,4}[\"']?(?:bearer|basic|token)\s{1,4}(?P<value>[A-Za-z0-9+/=._-]{16,512})",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]{1,20}$")
_URL = re.compile(
    r"://(?P<user>[^\s/:@\"'<>`]{0,100}):(?P<value>[^\s/@\"'<>`]{3,200})@(?P<host>[A-Za-z0-9.\[\]-]+)",
)
_NO_HOST = re.compile(
    r"(?:.*\.)?(?:example|invalid|test|localhost)(?:\.(?:com|org|net))?|host(?:name)?|server|domain|proxy(?:host)?|"
    r"127\.0\.0\.1|\d+(?:\.\d+){0,2}|my\w*|some\w*|your\w*|netloc|foo|bar|x",
    re.IGNORECASE,
)
_CODE = re.compile(r"[{}$()\\\[\]*]|%(?![0-9A-Fa-f]{2})")
"""A password contains these only where code or a template builds it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """A secret that a name is given: its kind, its offset in the text, and the secret, which is never shown."""

    kind: str
    offset: int
    secret: str


def is_plain(path: str) -> bool:
    """Whether a file of that name has values without quotes."""
    name = PurePosixPath(path).name.lower()
    return name.endswith(PLAIN_SUFFIXES) or name.startswith((*PLAIN_NAMES, ".env", ".npmrc", ".pypirc", ".netrc"))


def assignments(text: str, *, plain: bool) -> Iterator[Assignment]:
    """The secrets that a text gives to names; with `plain` also values without quotes. At most 50."""
    seen: set[int] = set()
    lowered = text.lower()
    starts = sorted({offset for word in STARTS for offset in islice(offsets(lowered, word), MOST_NAMES)})
    for offset in starts:
        match = _QUOTED.match(text, offset) or (_PLAIN.match(text, offset) if plain else None)
        if match is None or match.start("value") in seen:
            continue
        name = name_before(text, offset) + match["end"]
        if is_secret_name(name) and is_secret_value(name, match["value"]):
            seen.add(match.start("value"))
            yield Assignment(f"value of {name}", match.start("value"), match["value"])
            if len(seen) >= MOST_A_FILE:
                return
    for offset in islice(offsets(lowered, "authorization"), MOST_NAMES):
        result = _HEADER.match(text, offset)
        if result and result.start("value") not in seen and is_secret_value("token", result["value"]):
            yield Assignment("Authorization header", result.start("value"), result["value"])


def offsets(text: str, word: str) -> Iterator[int]:
    """The offsets of a word in a text, each once."""
    number = text.find(word)
    while number >= 0:
        yield number
        number = text.find(word, number + len(word))


def name_before(text: str, offset: int) -> str:
    """The part of a name before an offset."""
    match = _BEFORE.search(text[max(0, offset - 40) : offset])
    return match[0].lstrip(".-") if match else ""


def url_passwords(text: str) -> Iterator[Assignment]:
    """The passwords in URLs; without those of examples, of the name itself, and references."""
    for offset in islice(offsets(text, "://"), MOST_NAMES):
        match = _URL.match(text, offset)
        if match is None or _SCHEME.search(text, max(0, offset - 21), offset) is None:
            continue
        user, value, host = match["user"], match["value"], match["host"]
        trivial = {user.lower(), user.lower() + "s", "pass", "password", "passwd", "pwd", "pw", "secret", "token"}
        harmless = value.lower() in trivial or is_placeholder(value) or is_placeholder(user or "u")
        if not harmless and not _NO_HOST.fullmatch(host) and not _CODE.search(value):
            yield Assignment(f"password in a URL of {host}", match.start("value"), value)
