"""One CI file in, its findings out: by the server whose file it is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePath

from pipeline_kit.extensions import NO_PLUGINS, Plugins
from pipeline_kit.lint.finding import Finding, Rule
from pipeline_kit.render.server import Server
from pipeline_kit.servers import SERVERS

LARGEST_FILE = 4 << 20  # bytes


class UnreadableError(Exception):
    """The bytes are not a text that can be linted."""


def server_of(name: str, text: str, plugins: Plugins = NO_PLUGINS) -> Server:
    """The server whose file it is: by the file's whole name, else by what a server takes for its own, else the first.

    A file that no server takes for its own is linted as the first server's, which then says what is wrong with it.
    """
    servers = tuple(SERVERS.all(plugins).values())
    exact = (server for server in servers if PurePath(server.words.file).name == PurePath(name).name)
    likely = (server for server in servers if server.is_its_file(name, text))
    return next(exact, None) or next(likely, None) or servers[0]


def check_file(name: str, content: bytes, plugins: Plugins = NO_PLUGINS) -> Sequence[Finding]:
    """What is wrong in the file, in its order. Raises UnreadableError where it is not text."""
    text = decoded(content)
    return list(server_of(name, text, plugins).lint(name, text))


def decoded(content: bytes) -> str:
    """The file's text. Raises UnreadableError with the reason."""
    if len(content) > LARGEST_FILE:
        raise UnreadableError(f"it is larger than {LARGEST_FILE >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UnreadableError(f"line {line} is not UTF-8") from error
    if "\0" in text:
        raise UnreadableError(f"line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a NUL character")
    return text


def rules(plugins: Plugins = NO_PLUGINS) -> tuple[Rule, ...]:
    """Every rule, by server in the table's order."""
    return tuple(rule for server in SERVERS.all(plugins).values() for rule in server.lint_rules())
