"""Values that YAML, Groovy, a shell, a template or a command line would read as their own, chosen and drawn."""

from __future__ import annotations

import random

CHOSEN = (
    "it's",
    'say "no"',
    "'''",
    '"""',
    "$HOME",
    "${HOME}",
    "$(touch taken)",
    "`touch taken`",
    "$$",
    "$CI_JOB_TOKEN",
    "%PATH%",
    "%s%n",
    "# no comment",
    "a # b",
    "a: b",
    ": ",
    "- item",
    "-rf",
    "--help",
    "{{ job.name }}",
    "{% raw %}",
    "${{ github.token }}",
    "$[[ inputs.x ]]",
    "\\",
    "\\n",
    "\\u0024HOME",
    "a\\",
    "a\nb",
    "\n",
    "a\tb",
    "  two spaces around  ",
    "a;touch taken",
    "a && touch taken",
    "a | cat",
    "> taken",
    "*",
    "~",
    "!important",
    "&anchor",
    "[a, b]",
    "{a: b}",
    "|",
    ">-",
    "yes",
    "null",
    "0x1F",
    "1e3",
    "2026-11-22",
    "é",
    "e\u0301",
    "漢字",
    "💥",
    "'); System.exit(0); ('",
    "'''+\"$HOME\"+'''",
    "EOF\nEOF",
    "a=b",
    "",
)
ALPHABET = "aZ0 '\"$`\\#:{}%&;|<>()[]*?~!@^=,.-+/\n\té漢💥"
REFUSED = ("a\rb", "\x00", "a\x1b[31m", "\x7f", "a\u2028b", "\u2029", "\ufeff")
"""What no descriptor may hold: the check calls it invisible."""


def drawn(count: int) -> list[str]:
    """Random texts of the same dangerous characters; the same ones each time."""
    random_numbers = random.Random("values are data")
    return ["".join(random_numbers.choices(ALPHABET, k=random_numbers.randint(1, 24))) for _ in range(count)]


VALUES = tuple(dict.fromkeys((*CHOSEN, *drawn(40))))
