"""One file in, its findings out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from pathlib import PurePath

from pipeline_kit.lint.finding import Finding, Rule

LARGEST_FILE = 4 << 20  # bytes


class Server(Enum):
    """Whose file it is."""

    GITLAB = "gitlab"
    JENKINS = "jenkins"


class UnreadableError(Exception):
    """The bytes are no text that can be linted."""


def server_of(name: str, text: str) -> Server:
    """Whose file it is, by its name, and else by what it holds."""
    path = PurePath(name)
    if path.suffix in (".yml", ".yaml"):
        return Server.GITLAB
    if path.name.startswith("Jenkinsfile") or path.suffix in (".groovy", ".jenkinsfile", ".Jenkinsfile", ".jenkins"):
        return Server.JENKINS
    return Server.JENKINS if "pipeline {" in text or "node {" in text or "node(" in text else Server.GITLAB


def check_file(name: str, content: bytes) -> Sequence[Finding]:
    """What is wrong in the file, in its order. Raises UnreadableError where it is no text."""
    text = decoded(content)
    if server_of(name, text) is Server.JENKINS:
        from pipeline_kit.servers.jenkins.lint.lint import lint_jenkins

        return list(lint_jenkins(text))
    from pipeline_kit.servers.gitlab.lint.lint import lint_gitlab

    return list(lint_gitlab(text, fragment=PurePath(name).name not in (".gitlab-ci.yml", ".gitlab-ci.yaml")))


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


def rules() -> tuple[Rule, ...]:
    """Every rule, GitLab's first."""
    from pipeline_kit.servers.gitlab.lint.rules import RULES as GITLAB
    from pipeline_kit.servers.jenkins.lint.rules import RULES as JENKINS

    return (*GITLAB, *JENKINS)
