"""Masks secrets in everything that is printed or written."""

from __future__ import annotations

import re
from collections.abc import Iterable

from pipeline_kit.frozen import frozen

SHORTEST = 8
LONGEST_BYTES = 65_536
MASK = "[secret]"
SURE_CHARACTERS = 16
"""A piece of a secret this long is always masked: texts are cut, and wrapped into lines."""
KUBECONFIG_NAME = re.compile(
    r"(?:- )?(?:(?:apiVersion|kind|name|namespace|server|cluster|context|user|current-context): [\w.:/@-]+"
    r"|(?:clusters|cluster|contexts|context|users|user|preferences): *(?:\{\}|\[\])?)|#.*|"
)
"""A line of a kubeconfig without a secret: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/"""
OCCURRENCES_KEPT = 16
"""Occurrences of a piece that are compared; of a piece that repeats a hundred times, the first few are enough."""


@frozen
class Form:
    """An encoding of a secret, and how many of its characters in a row reveal it."""

    text: str
    least: int

    def around(self, text: str, position: int, offset: int) -> tuple[int, int]:
        """The part of `text` around a position that matches this form around an offset."""
        first, last = position, position
        back, onward = offset, offset
        while first and back and text[first - 1] == self.text[back - 1]:
            first, back = first - 1, back - 1
        while last < len(text) and onward < len(self.text) and text[last] == self.text[onward]:
            last, onward = last + 1, onward + 1
        return first, last


class Redactor:
    """Masks secrets: verbatim, quoted, in JSON, XML and URLs, in hexadecimal, in base64 at each of its alignments.

    A large part of a form is masked too, for texts that are cut or wrapped into lines. A secret of several lines is
    also masked line by line, since output is streamed by lines. A file's content is passed as bytes. Raises ValueError
    for a secret under eight characters.
    """

    def __init__(self, secrets: Iterable[str | bytes]) -> None:
        texts: set[str] = set()
        forms: set[str] = set()
        self.whole: set[str] = set()
        for secret in secrets:
            content = secret.encode("utf-8", "surrogateescape") if isinstance(secret, str) else secret
            text = content.decode("utf-8", "replace")
            if len(text.strip()) < SHORTEST:
                raise ValueError(f"a secret is shorter than {SHORTEST} characters")
            whole = every_form(text, content)
            self.whole.update(whole)
            if named := kubeconfig_secrets(text):
                texts.update(named)
                forms.update(base64_forms(content))
            else:
                texts.update(line.strip() for line in text.splitlines())
                forms.update(whole)
        for text in texts:
            forms.update(every_form(text, text.encode("utf-8", "replace")))
        self._pieces: dict[int, dict[str, list[tuple[Form, int]]]] = {}
        for form in sorted(forms):
            self._add(Form(form, revealing_length(form)))

    def _add(self, form: Form) -> None:
        """Indexes the form's pieces, end to end; small enough (in two sizes) that any revealing part contains one."""
        size = SURE_CHARACTERS // 2 if form.least >= SURE_CHARACTERS - 1 else SHORTEST // 2
        places = self._pieces.setdefault(size, {})
        for offset in range(0, len(form.text) - size + 1, size):
            occurrences = places.setdefault(form.text[offset : offset + size], [])
            if len(occurrences) < OCCURRENCES_KEPT:
                occurrences.append((form, offset))

    def __call__(self, text: str) -> str:
        """The text with its secrets masked."""
        if not self._pieces:
            return text
        kept: list[str] = []
        shown = 0
        for first, last in sorted(self.spans(text)):
            if last > shown:
                if first >= shown:
                    kept += [text[shown:first], MASK]
                shown = last
        return "".join([*kept, text[shown:]]) if kept else text

    def spans(self, text: str) -> list[tuple[int, int]]:
        """The parts of a text that reveal a secret, as start and end."""
        spans: list[tuple[int, int]] = []
        for size, places in self._pieces.items():
            position = 0
            while position <= len(text) - size:
                onward = position + 1
                for form, offset in places.get(text[position : position + size], ()):
                    first, last = form.around(text, position, offset)
                    if last - first >= form.least:
                        spans.append((first, last))
                        onward = max(onward, last - size + 1)
                position = onward
        return spans

    def holds(self, content: bytes) -> bool:
        """Whether a file's content contains a whole secret."""
        return any(form.encode("utf-8", "replace") in content for form in self.whole)

    @property
    def idle(self) -> bool:
        """Whether there is nothing to mask."""
        return not self._pieces


def kubeconfig_secrets(text: str) -> list[str]:
    """The lines of a kubeconfig but those that name its clusters, contexts, namespaces and users; else nothing.

    Messages have those names, and words such as `cluster`: they would be masked as parts of the file.
    """
    lines = [line.strip() for line in text.splitlines()]
    if "kind: Config" not in lines or "clusters:" not in lines:
        return []
    return [line for line in lines if not KUBECONFIG_NAME.fullmatch(line)]


def revealing_length(text: str) -> int:
    """How many characters in a row reveal a text: two thirds of it, at least 8 and at most 16."""
    return min(len(text), max(SHORTEST, min(SURE_CHARACTERS, -(-2 * len(text) // 3))))


def every_form(text: str, content: bytes) -> set[str]:
    """Every encoding of a secret, of at least eight characters, in which it could appear in an output."""
    import json
    from urllib.parse import quote, quote_from_bytes, quote_plus

    forms = {content.hex(), content.hex().upper(), repr(content)[2:-1], *base64_forms(content)}
    for plain in {text, text.strip()}:
        forms.update((plain, json.dumps(plain)[1:-1], json.dumps(plain, ensure_ascii=False)[1:-1]))
        forms.update((repr(plain)[1:-1], ascii(plain)[1:-1]))
        forms.update((plain.replace("'", "'\\''"), plain.replace("'", "'\"'\"'")))
        for safe in ("", "/"):
            quoted = (quote(plain, safe, errors="replace"), quote_plus(plain, safe, errors="replace"))
            forms.update((*quoted, *(lower_escapes(escaped) for escaped in quoted)))
        marked = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        forms.update((marked, marked.replace('"', "&quot;")))
        for apostrophe, quotation in (("&#x27;", "&quot;"), ("&#39;", "&#34;"), ("&apos;", "&quot;")):
            forms.add(marked.replace('"', quotation).replace("'", apostrophe))
    forms.update((quote_from_bytes(content, ""), quote_from_bytes(content)))
    return {form for form in forms if len(form) >= SHORTEST}


def lower_escapes(quoted: str) -> str:
    """A URL-encoded text with lower-case hexadecimal digits, as some programs write it."""
    parts = quoted.split("%")
    return "%".join([parts[0], *(part[:2].lower() + part[2:] for part in parts[1:])])


def base64_forms(content: bytes) -> set[str]:
    """The base64 text of the bytes at each of the three alignments: only the characters that depend on nothing else."""
    import base64

    forms: set[str] = set()
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            encoded = encode(b"\0" * offset + content).decode().rstrip("=")
            first = -(-offset * 4 // 3)
            last = len(encoded) - (1 if (offset + len(content)) % 3 else 0)
            forms.add(encoded[first:last])
    return forms
