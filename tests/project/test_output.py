"""What a command prints is text, whatever an image, a registry, a cluster or a project puts into it."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.cli import main as command_line
from pipeline_kit.cli.commands import plan
from pipeline_kit.cli.output import log, say, say_json, warn
from pipeline_kit.errors import ModelError
from pipeline_kit.terminal import logged, visible
from tests.conftest import ROOT

FORGERIES = [
    "\x1b[2J\x1b[Hverified sha256:abc, signed by the key sha256:def",
    "a\x1b[1A\x1b[2Kverified",
    "a\rverified",
    "a\x08\x08verified",
    "\x9b2Jverified",
    "\x1b]0;title\x07verified",
    "\x1b]8;;https://example.invalid\x1b\\verified\x1b]8;;\x1b\\",
    "\x1bPq\x1b\\verified",
    "\x1b[8mhidden\x1b[0m",
    "\u202edeifirev",
    "\ufeffverified",
    "\ud800",
    "\x00\x07",
]
ACTS = set(map(chr, (*range(0x00, 0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0))))
"""What a terminal acts on, but line ends and tabs."""


@pytest.mark.parametrize("text", FORGERIES)
def test_text_cannot_act_on_the_terminal(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """On either stream, and as JSON, which still means the same."""
    say(text)
    warn(text)
    shown = capsys.readouterr()
    for stream in (shown.out, shown.err):
        assert not ACTS & set(stream)
        assert not {"\u202e", "\ufeff", "\ud800"} & set(stream)
        assert "\\" in stream
    say_json({text: [text]})
    document = capsys.readouterr().out
    assert not ACTS & set(document)
    assert json.loads(document) == {text: [text]}


@pytest.mark.parametrize("text", FORGERIES)
def test_a_line_of_a_job_keeps_its_colours_only(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """CI servers show colours; nothing else of a program's control characters reaches them."""
    log(f"\x1b[31mred\x1b[0m {text}")
    shown = capsys.readouterr().out
    assert shown.startswith("\x1b[31mred\x1b[0m ")
    assert not ACTS & set(shown.replace("\x1b[31m", "").replace("\x1b[0m", "").replace("\x1b[8m", ""))


@pytest.mark.parametrize("text", ["", "plain", "ünïcödé 日本語 🙂", "tab\tand\nlines", "spaces\xa0\u3000of all widths"])
def test_what_people_write_is_shown_as_it_is(text: str) -> None:
    """Other languages are text."""
    assert visible(text) == text
    assert logged(text) == text


@given(st.text())
def test_any_text_is_shown_without_control_characters(text: str) -> None:
    """And can be encoded."""
    for shown in (visible(text), logged(text).replace("\x1b", "")):
        assert not ACTS & set(shown)
        shown.encode()


def test_an_error_is_text_too(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Its message and its hint may quote an image or an answer."""

    def fails(arguments: object) -> int:
        raise ModelError(f"the image says {FORGERIES[0]}", hint=FORGERIES[1])

    monkeypatch.setattr(plan, "execute", fails)
    assert command_line.main(["plan"]) == 1
    assert not ACTS & set(capsys.readouterr().err)


ALLOWED = {
    "pipeline_kit/cli/output.py": "the one module",
    "pipeline_kit/cli/main.py": "the version, and a fault of the kit itself",
    "pipeline_kit/cli/commands/completion.py": "a script for a shell",
    "pipeline_kit/project/run.py": "into the pipe of the process that shows it",
    "pipeline_kit/adapters/python/shim.py": "in the process of the project's code",
}
"""Who else names `print`, and why."""


def test_only_one_module_prints() -> None:
    """Nothing else calls `print`, or hands it on as a way to log."""
    naming = set()
    for folder in ("pipeline_kit", "stages"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if any(isinstance(node, ast.Name) and node.id == "print" for node in nodes):
                naming.add(path.relative_to(ROOT).as_posix())
    assert naming == set(ALLOWED)
