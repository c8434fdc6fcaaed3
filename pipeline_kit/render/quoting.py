"""Values as text of a target language: whatever they hold, they arrive as data and never as code."""

from __future__ import annotations

import json
import re

from pipeline_kit.errors import UsageError

PLAIN_SCALAR = re.compile(r"[A-Za-z_./$][A-Za-z0-9_./@+*-]*(?::[A-Za-z0-9_./@+*-]+)*")
# What YAML 1.1 and 1.2 read as something else than a string: https://yaml.org/type/bool.html and null.html
WORDS_OF_YAML = {"y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"}
# Characters that YAML does not print: https://yaml.org/spec/1.2.2/#51-character-set
UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ud800-\udfff\ufffe\uffff]")
# What a block scalar may hold unquoted: https://yaml.org/spec/1.2.2/#733-plain-style
PLAIN_LINE = re.compile(r"[A-Za-z_./$](?:[!-~]| (?! |#))*")
SERVER_WORD = re.compile(r"[^$`\x00-\x1f\x7f]+")


def yaml_scalar(text: str) -> str:
    """The text as a YAML scalar: plain where YAML reads exactly that string, else double-quoted as in JSON."""
    if PLAIN_SCALAR.fullmatch(text) and text.lower() not in WORDS_OF_YAML and not text.startswith(("-", "..")):
        return text
    return UNPRINTABLE.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False))


def yaml_line(text: str) -> str:
    """A condition or command as a YAML scalar outside of brackets: plain where a person would write it so."""
    readable = PLAIN_LINE.fullmatch(text) and ": " not in text and not text.endswith((":", " "))
    return text if readable and " " in text else yaml_scalar(text)


def yaml_list(texts: tuple[str, ...]) -> str:
    """The texts as a YAML sequence on one line."""
    return "[" + ", ".join(yaml_scalar(text) for text in texts) + "]"


def server_word(text: str, what: str) -> str:
    """A word that a server itself reads, such as an image or a label.

    Raises UsageError where it holds what a server would expand, since no quoting stops that.
    """
    if SERVER_WORD.fullmatch(text):
        return text
    raise UsageError(f"{what} {text!r} holds a `$`, a backtick or a control character: a CI server would expand it")


def name_expression(pattern: str) -> str:
    """A name pattern as an anchored regular expression for RE2 and Java alike; `*` matches any characters."""
    return "^" + ".*".join(re.sub(r"[^A-Za-z0-9_-]", escaped, part) for part in pattern.split("*")) + "$"


def escaped(found: re.Match[str]) -> str:
    """An escaped literal character; a quote by its number, which every dialect reads."""
    code = ord(found[0])
    if found[0] in "\"'$":
        return f"\\x{code:02x}"
    return "\\" + found[0] if code < 128 else found[0]
