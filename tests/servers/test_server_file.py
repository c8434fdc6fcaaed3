"""`server.yml`: what a CI server says of itself is data from outside, and is read strictly."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline_kit.catalog import Servers
from pipeline_kit.contract.server_file import read_server, refuse_unsafe
from pipeline_kit.errors import UsageError
from pipeline_kit.extensions import Plugins
from tests.plugins import install_package

WHOLE = """
title: Shell
file: ci/run.sh
comment: "#"
runner: {type: string, grammar: shell_host, help: The host.}
secret: {type: string, grammar: variable, help: The variable.}
grammars: {shell_host: {pattern: "[a-z]+", says: a host, example: big}}
limits: {needs: 7}
cron: either
"""


def server(folder: Path, text: str, name: str = "shell") -> None:
    (folder / "server.yml").write_text(text)
    refuse_unsafe(read_server(name, folder), folder)


def test_a_whole_file_is_read(tmp_path: Path) -> None:
    """With its own form of words, and its limits."""
    (tmp_path / "server.yml").write_text(WHOLE)
    words = read_server("shell", tmp_path)
    assert (words.title, words.file, words.most_needs) == ("Shell", "ci/run.sh", 7)
    assert words.runner is not None
    assert words.grammars[words.runner.grammar].complaint("big") is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("ci/run.sh", ".GitLab-CI.yml"), "file is .GitLab-CI.yml, which is the CI file of GitLab"),
        (("ci/run.sh", "Jenkinsfile"), "file is Jenkinsfile, which is the CI file of Jenkins"),
        (("shell_host", "SHARED"), "has a form of that name"),
    ],
)
def test_what_another_server_has_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, change: tuple[str, str], message: str
) -> None:
    """One would overwrite the other's file, or weaken the form of its words."""
    shared = next(name for words in Servers().values() for name in words.grammars)
    text = WHOLE.replace(change[0], change[1].replace("SHARED", shared))
    files = {"acme_other/__init__.py": "", "acme_other/server.yml": text}
    install_package(tmp_path, "acme-other", files, {"pipeline_kit.servers": {"other": "acme_other.server:SERVER"}})
    monkeypatch.syspath_prepend(tmp_path)
    servers = Servers(Plugins(("acme-other",)))
    with pytest.raises(UsageError, match=message):
        servers["other"]


@pytest.mark.parametrize("name", Servers())
def test_the_built_in_ones_are_held_to_the_same(name: str) -> None:
    """They are read without these checks, so that no start pays for them."""
    refuse_unsafe(Servers()[name], Path(name))


@pytest.mark.parametrize("name", ["image", "type", "../shell", "Shell", "", "a b", "s" * 42])
def test_a_name_that_the_descriptor_cannot_hold_is_refused(tmp_path: Path, name: str) -> None:
    """It is a key of every runner class and every secret."""
    with pytest.raises(UsageError, match="a CI server cannot be called"):
        server(tmp_path, WHOLE, name)


@pytest.mark.parametrize("file", ["../run.sh", "/etc/cron.d/run", "~/run.sh", ".git/hooks/pre-push", '"a$b"', "''"])
def test_its_file_stays_inside_the_project(tmp_path: Path, file: str) -> None:
    """Rendering writes it."""
    with pytest.raises(UsageError, match="file is not a path inside the project"):
        server(tmp_path, WHOLE.replace("ci/run.sh", file))


@pytest.mark.parametrize(
    "runner",
    [
        "{type: string, help: The host.}",
        "{type: any, help: The host.}",
        "{type: string, grammar: text, help: The host.}",
        "{type: list, help: The hosts.}",
        "{type: list, help: The hosts., items: {type: string}}",
        "{type: map, help: The hosts., items: {type: string, grammar: shell_host}}",
    ],
)
def test_a_key_has_a_form(tmp_path: Path, runner: str) -> None:
    """What a server reads is never free text."""
    with pytest.raises(UsageError, match="runner has no form of its own"):
        server(tmp_path, WHOLE.replace("{type: string, grammar: shell_host, help: The host.}", runner))


@pytest.mark.parametrize("pattern", [".*", "[^ ]+", "[a-z$]+", "a`a", "[A-Z]'[A-Z]", "[\\\\s\\\\S]*"])
def test_a_form_admits_no_code(tmp_path: Path, pattern: str) -> None:
    """No dollar, quote, backtick, backslash or line end."""
    with pytest.raises(UsageError, match="admits what a CI file would read as code"):
        server(tmp_path, WHOLE.replace('"[a-z]+"', f'"{pattern}"'))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("title: Shell\n", ""), "a key is missing"),
        (("cron: either", "cron: sometimes"), "a key is missing or has another type"),
        (("limits: {needs: 7}", "limits: 7"), "a key is missing or has another type"),
        (("shell_host: {", "path: {"), "the kit has a form of that name"),
        (("title: Shell", "titel: Shell"), "unknown key 'titel'"),
        (("grammar: shell_host", "grammar: host_of_shell"), "unknown grammar 'host_of_shell'"),
        (('"[a-z]+"', '"[a-z"'), "is not a pattern"),
        (("title: Shell", "title: [Shell"), "not YAML"),
    ],
)
def test_a_fault_is_named_with_its_file(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    """Where it is, and what is wrong."""
    assert change[0] in WHOLE
    with pytest.raises(UsageError) as caught:
        server(tmp_path, WHOLE.replace(*change))
    assert str(tmp_path / "server.yml") in caught.value.message
    assert message in caught.value.message
