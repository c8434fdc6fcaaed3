"""What a command of a CI file, a Makefile or dvc.yaml is for."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from enum import Enum

from pipeline_kit.adopt.read.shell_line import Line
from pipeline_kit.contract.wording import word_set


class Purpose(Enum):
    """What a line does."""

    TEST = "test"
    LINT = "lint"
    BUILD = "build"
    PYTHON = "python"
    MAKE = "make"
    TOOL = "tool"
    INSTALL = "install"
    SYSTEM = "system"
    NOISE = "noise"
    DEPLOY = "deploy"
    IMAGE = "image"
    OTHER = "other"


LINTERS = ("ruff", "flake8", "black", "isort", "mypy", "pylint", "bandit", "pycodestyle", "pydocstyle")
"""Lint that runs as `python -m NAME`."""
_WRITES_UNLESS = {"black": ("--check", "--diff"), "isort": ("--check", "--check-only", "-c", "--diff")}
_DEPLOY = word_set(
    "kubectl helm oc twine aws gcloud gsutil az azcopy ssh scp rsync sftp terraform ansible ansible-playbook "
    "serverless cf heroku flyctl bentoml sagemaker skaffold argocd"
)
_IMAGE = word_set("docker docker-compose podman buildah kaniko /kaniko/executor img")
_NOISE = word_set("echo printf ls pwd date which whoami env printenv uname free df nproc nvidia-smi true hostname")
_SYSTEM = word_set("apt apt-get apk yum dnf brew sudo git curl wget chmod mamba")
_RUNNERS = ("poetry", "uv", "pipenv", "pdm", "hatch", "rye")
_INSTALLS = {
    "pip": ("install", "uninstall", "cache", "config", "download"),
    "poetry": ("install", "config", "self", "lock", "sync", "check", "env"),
    "uv": ("sync", "pip", "venv", "lock", "python", "cache"),
    "pipenv": ("install", "sync", "lock"),
    "pdm": ("install", "sync", "config", "use"),
    "conda": ("install", "create", "env", "activate", "update", "config", "init", "info"),
    "virtualenv": ("",),
    "pyenv": ("",),
    "pip-sync": ("",),
    "pre-commit": ("install",),
}
_REPORTS = ("report", "xml", "html", "json", "combine", "erase")
_INFO = ("list", "freeze", "show", "--version", "-V", "version", "info", "debug", "check")
_ACTIVATE = re.compile(
    r"\s*(?:source|\.)\s+\S*/activate(?:\s+\S+)?\s*|\s*(?:source\s+)?(?:conda\s+)?activate(?:\s+\S+)?\s*"
)
_INSTALL_TEXT = re.compile(
    r"\s*(?:sudo\s+(?:-\S+\s+)*)?(?:python[0-9.]*\s+-m\s+)?(?:pip[0-9.]*|uv\s+pip)\s+(?:-\S+\s+)*install\b[^|;&`]*"
)
_INSTALL_PIPE = re.compile(
    r"\s*(?:curl|wget)\b[^|;&]*(?:poetry|/uv|get-pip|pdm|rye|conda)[^|;&]*\|\s*(?:sudo\s+)?(?:python[0-9.]*|sh|bash)\b[^|;&]*"
)


def bare(words: Sequence[str]) -> tuple[str, ...]:
    """The command without what only chooses an environment: `poetry run`, `python -m` of a known tool."""
    rest = list(words)
    while rest:
        if rest[0] in _RUNNERS and rest[1:2] == ["run"]:
            rest = rest[2:]
            while rest and rest[0].startswith("-"):
                rest = rest[1:]
        elif rest[0] in ("conda", "mamba", "micromamba") and rest[1:2] == ["run"]:
            rest = rest[2:]
            while rest and rest[0].startswith("-"):
                rest = rest[2:] if rest[0] in ("-n", "--name", "-p", "--prefix") else rest[1:]
        elif rest[0] == "time":
            rest = rest[1:]
        elif is_python(rest[0]) and rest[1:2] == ["-m"] and rest[2:3] and rest[2] in (*LINTERS, *_TOOL_MODULES):
            rest = rest[2:]
        elif rest[0] == "coverage" and rest[1:2] == ["run"] and "pytest" in rest:
            rest = rest[rest.index("pytest") :]
        else:
            break
    if rest and re.fullmatch(r"pip[0-9.]+", rest[0]):
        rest[0] = "pip"
    if rest and rest[0] == "py.test":
        rest[0] = "pytest"
    return tuple(rest)


_TOOL_MODULES = ("pytest", "pip", "build", "tox", "nox", "coverage", "venv", "twine", "virtualenv", "pre_commit", "dvc")


def is_python(word: str) -> bool:
    """Whether a word is Python's command."""
    return re.fullmatch(r"(?:\S*/bin/)?python[0-9.]*", word) is not None


def script_of(words: Sequence[str], known: Collection[str]) -> str | None:
    """The project's file that a call of Python runs, as a file or by `-m`; None if it is not a known file."""
    rest = [word for word in words[1:] if word not in ("-u", "-B", "-O")]
    if rest[:1] == ["-m"] and len(rest) > 1:
        path = rest[1].replace(".", "/")
        names = [f"{before}{path}{after}" for before in ("", "src/") for after in (".py", "/__main__.py")]
    else:
        names = [rest[0].removeprefix("./")] if rest else []
    return next((name for name in names if name in known), None)


def purpose(line: Line) -> Purpose:
    """What the line is for."""
    if line.words is None:
        return _purpose_of_text(line.text)
    words = bare(line.words)
    if not words:
        return Purpose.NOISE
    return _purpose_of(words[0].removeprefix("./"), words)


def _purpose_of_text(text: str) -> Purpose:
    """What a line that only a shell can read is for, where that shows."""
    if _ACTIVATE.fullmatch(text):
        return Purpose.INSTALL
    if _INSTALL_TEXT.fullmatch(text) or re.match(r"\s*virtualenv\s", text):
        return Purpose.INSTALL
    first = re.split(r"[\s;|&]", text.strip(), maxsplit=1)[0]
    if first in ("apt", "apt-get", "apk", "yum") or (first == "sudo" and re.match(r"\s*sudo\s+apt", text)):
        return Purpose.SYSTEM if not re.search(r"pytest|python\s+\S+\.py", text) else Purpose.OTHER
    if _INSTALL_PIPE.fullmatch(text):
        return Purpose.INSTALL
    if first in ("echo", "printf") and not set("|;&>`") & set(text) and "$(" not in text:
        return Purpose.NOISE
    if first in _DEPLOY or re.search(r"\b(?:kubectl|helm|twine upload|ssh|scp|rsync)\s", text):
        return Purpose.DEPLOY
    return Purpose.IMAGE if first in _IMAGE else Purpose.OTHER


def _purpose_of(first: str, words: tuple[str, ...]) -> Purpose:
    """What a plain command is for."""
    second = words[1] if len(words) > 1 else ""
    if first == "pytest":
        return Purpose.NOISE if second in _INFO else Purpose.TEST
    if first in LINTERS:
        return _lint(first, words)
    if _builds(first, words):
        return Purpose.BUILD
    if first == "venv" or (first in _INSTALLS and (second in _INSTALLS[first] or "" in _INSTALLS[first])):
        return Purpose.INSTALL
    if first in ("codecov", "coveralls") or (first == "coverage" and second in _REPORTS):
        return Purpose.NOISE  # the kit measures coverage itself
    if second in _INFO and (first in _INSTALLS or is_python(first)):
        return Purpose.NOISE
    if is_python(first):
        return _python(words)
    for names, meaning in ((_NOISE, Purpose.NOISE), (_SYSTEM, Purpose.SYSTEM), (_DEPLOY, Purpose.DEPLOY)):
        if first in names:
            return meaning
    if first in _IMAGE or first == "pack":
        return Purpose.IMAGE
    if first in ("activate", "deactivate") or (first in ("source", ".") and second.endswith("activate")):
        return Purpose.INSTALL
    return Purpose.MAKE if first == "make" else Purpose.TOOL if first in ("tox", "nox") else Purpose.OTHER


def _lint(first: str, words: tuple[str, ...]) -> Purpose:
    """Lint, unless the command changes files or only prints its version."""
    if words[1:2] in (("--version",), ("version",)):
        return Purpose.NOISE
    if first in _WRITES_UNLESS and not set(words) & set(_WRITES_UNLESS[first]):
        return Purpose.OTHER
    changes = "--fix" in words or (first == "ruff" and "format" in words and not {"--check", "--diff"} & set(words))
    return Purpose.OTHER if changes else Purpose.LINT


def _builds(first: str, words: tuple[str, ...]) -> bool:
    """Whether a command builds the project's wheel or source archive."""
    if first == "build":
        return True
    if first in ("poetry", "uv", "flit", "hatch", "pdm") and words[1:2] == ("build",):
        return True
    if first == "pip" and words[1:2] == ("wheel",):
        return True
    return is_python(first) and words[1:2] == ("setup.py",) and bool({"bdist_wheel", "sdist", "bdist"} & set(words))


def _python(words: tuple[str, ...]) -> Purpose:
    """What a call of Python itself is for."""
    if words[1:3] in (("-m", "venv"), ("-m", "virtualenv")) or (words[1:2] == ("setup.py",) and "install" in words):
        return Purpose.INSTALL
    if words[1:2] == ("setup.py",) and "develop" in words:
        return Purpose.INSTALL
    if words[1:3] == ("-m", "unittest") or (words[1:2] == ("setup.py",) and "test" in words):
        return Purpose.OTHER
    return Purpose.PYTHON
