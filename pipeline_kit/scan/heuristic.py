"""Whether a value that is called a password, a token or a key is one: the name's and the value's own looks decide."""

from __future__ import annotations

import math
import re
from collections import Counter

NAMED = (
    r"passw(?:or)?d|passphrase|passwd|pwd|secret|token|credential"
    r"|(?:api|access|auth|private|encryption|signing|account|master|shared)[_.-]?key"
)
"""What the name of a secret holds, in lower case."""
_NAMED = re.compile(NAMED)
_PASSWORD = re.compile(r"pass|pwd")
_OTHER = re.compile(
    r"hash|digest|sha\d|checksum|fingerprint|public|tokeni[sz]|token_?type|tokens$|_?(?:id|name|names|file|path|dir|url|uri|"
    r"env|ref|type|length|len|size|header|field|prefix|suffix|pattern|regex|format|policy|class|count|limit|ttl|version|"
    r"label|index|expiry|expires|expiration|seconds|timeout|hint|help|error|message|prompt|mount|volume|provider|store|arn|"
    r"scopes?|endpoint|issuer|audience|algorithm|method|required|enabled|min|max)$|^(?:max|min|num|n|is|has|use|no|pad|eos|bos|"
    r"sep|cls|mask|unk|special|stop|start|end|next|page|csrf_cookie)_",
    re.IGNORECASE,
)
_PLACEHOLDER = re.compile(
    r"[xX*.#_?-]+|<.*>|\[.*\]|.*\.\.\..*|(?:my|your|the|some|a|an|insert|enter|use|no)[ _-].*|n/a"
    r"|(?:none|null|nil|true|false|yes|no|undefined|unset|empty|default|optional|required|string|str|bytes|write|read|inherit"
    r"|admin|root|guest|user|postgres|mysql|password\d*|passw0rd|secret\d*|token\d*|pass\d*|pwd\d*|test\d*|qwerty\d*|abc123"
    r"|hunter2|letmein|12345\d*)"
    r"|.*(?:example|placeholder|change_?-?me|dummy|sample|redacted|replace|todo|fake|mock|foobar|not[_-]?a[_-]?secret|masked"
    r"|xxxx|\*\*\*\*|1234567890).*",
    re.IGNORECASE | re.DOTALL,
)
_REFERENCE = re.compile(
    r"[$`]|\{\{|\{%|<%|%\(|%s|\{[A-Za-z_.]*\}|secrets?\.|env(?:iron)?[.\[(]|!ref|!reference|vault:|ref\+"
)
_READABLE = re.compile(r"(?:[A-Z]?[a-z]{2,}|[A-Z]{2,5}(?![a-z])|[Vv]?\d{1,2}(?!\d)|[\[\]._\-/:@+!?, ])+")
"""Words of one letter case or another, put together: an identifier, a path, a sentence. Random letters do not match."""
_PATH = re.compile(r"(?:\.{0,2}|~|[A-Za-z]:)[/\\].*|[a-z][a-z0-9+.-]*://.*|[\w.-]+(?:/[\w.-]+)*\.[a-z]{2,5}")
_DATE = re.compile(r"\d{4}-\d\d-\d\d.*|[\d.,:_-]+")


def is_secret_name(name: str) -> bool:
    """Whether a variable, key or column of that name may hold a secret."""
    return _NAMED.search(name.lower()) is not None and _OTHER.search(name) is None


def is_password_name(name: str) -> bool:
    """Whether what it holds was thought up by a person."""
    return _PASSWORD.search(name.lower()) is not None


def is_placeholder(value: str) -> bool:
    """Whether the value refers to a secret kept elsewhere, or is an example."""
    return not value.strip() or bool(_PLACEHOLDER.fullmatch(value.strip()) or _REFERENCE.search(value))


def is_secret_value(name: str, value: str) -> bool:
    """Whether the value of something with a secret's name is one: not read, computed or made of words."""
    value = value.strip()
    least, bits = (6, 2.4) if is_password_name(name) else (12, 2.7)
    if not least <= len(value) <= 512 or is_placeholder(value) or re.search(r"[\s()]", value):
        return False
    if _PATH.fullmatch(value) and entropy(value) < 4.3:
        return False
    if _DATE.fullmatch(value) or value.lower() == name.lower():
        return False
    if _READABLE.fullmatch(value) and not (is_password_name(name) and re.search(r"\d", value)):
        return False
    return entropy(value) >= bits


def entropy(text: str) -> float:
    """Shannon's entropy of the text's characters, in bits a character."""
    counts = Counter(text)
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts.values())
