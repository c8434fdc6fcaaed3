"""How the kit calls git: with settings and variables of its own, so that nothing a repository sets runs a program.

The repository's own configuration is read by git, because it describes the repository (object format, sparse checkout).
Of it every key that names a program is overridden. Of the user's configuration only what `ALLOWED` names takes part.
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from pipeline_kit.errors import UsageError
from pipeline_kit.frozen import frozen

OVERRIDDEN = {
    "advice.detachedHead": "false",
    "core.alternateRefsCommand": "",
    "core.askPass": "true",
    "core.attributesFile": os.devnull,
    "core.editor": "false",
    "core.fsmonitor": "false",
    "core.gitProxy": "",
    "core.hooksPath": os.devnull,
    "core.pager": "cat",
    "core.quotePath": "off",
    "core.sshCommand": "false",
    "credential.helper": "",
    "diff.external": "",
    "diff.ignoreSubmodules": "none",
    "log.showSignature": "false",
    "protocol.allow": "never",
    "protocol.ext.allow": "never",
    "safe.bareRepository": "explicit",
    "status.showUntrackedFiles": "normal",
    "submodule.recurse": "false",
}
"""Settings that every command gets; the last setting of a key counts."""
FETCHING = {"core.sshCommand", "core.gitProxy", "credential.helper", "protocol.allow"}
"""Overridden settings that a fetch needs."""
LFS = {
    "filter.lfs.clean": "git-lfs clean -- %f",
    "filter.lfs.smudge": "git-lfs smudge -- %f",
    "filter.lfs.process": "git-lfs filter-process",
    "filter.lfs.required": "true",
}
"""The filters of Git LFS, as `git lfs install` writes them; no other command line is used under that name."""
ALLOWED = re.compile(
    r"safe\.directory|core\.excludesfile|user\.(?:name|email)|lfs\.(?:storage|url)"
    r"|http(?:\..*)?\.(?:proxy|proxysslcert|proxysslcainfo|sslcainfo|sslcapath|sslverify)"
)
ALLOWED_FETCHING = re.compile(r"(?:credential|http|url)\..*|core\.(?:sshcommand|gitproxy)|ssh\.variant")
"""Keys of the user's and the machine's configuration that take part: always, and in a fetch."""
FILTER = re.compile(r"filter\.(.+)\.(?:clean|smudge|process|required)", re.DOTALL)
LFS_PROGRAM = re.compile(r"lfs\.(?:extension|customtransfer)\..*|lfs\.standalonetransferagent", re.DOTALL)
OF_THE_REPOSITORY = ("local", "worktree")

PASSED_ON = re.compile(
    r"PATH|HOME|USER|LOGNAME|TMPDIR|XDG_(?:CONFIG|CACHE)_HOME|(?i:https?_proxy|no_proxy|all_proxy)|SSL_CERT_(?:FILE|DIR)"
    r"|CURL_CA_BUNDLE|GIT_SSL_CA(?:INFO|PATH)|GIT_SSL_NO_VERIFY|GIT_CEILING_DIRECTORIES|GIT_DISCOVERY_ACROSS_FILESYSTEM"
)
PASSED_ON_FETCHING = re.compile(r"GIT_SSH(?:_COMMAND|_VARIANT)?|GIT_ASKPASS|SSH_AUTH_SOCK|SSH_ASKPASS|KRB5CCNAME")
CONFIGURATION = re.compile(r"GIT_CONFIG_(?:GLOBAL|SYSTEM|NOSYSTEM|COUNT|(?:KEY|VALUE)_\d+)")
"""Variables that git gets: always, in a fetch, and where the configuration is read. No secret is among them."""
FIXED = {"LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1"}
PROTOCOLS = "file:git:http:https:ssh"


@frozen
class Setting:
    """One entry of git's configuration: where it was read, its key in git's spelling, and its value."""

    scope: str
    key: str
    value: str


def settings_of(folder: Path) -> list[Setting]:
    """Every setting that git reads in a folder. Raises UsageError where a configuration file is malformed."""
    command = ["git", "-C", str(folder), "config", "--list", "-z", "--show-scope", "--includes"]
    variables = {**passed_on(PASSED_ON, CONFIGURATION), **FIXED}
    done = subprocess.run(command, env=variables, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    if done.returncode:
        raise failure("config", done.stderr)
    fields = done.stdout.decode(errors="surrogateescape").split("\0")
    entries = zip(fields[::2], fields[1::2], strict=False)
    return [Setting(scope, key, value) for scope, entry in entries for key, _, value in [entry.partition("\n")]]


def passed_on(*patterns: re.Pattern[str]) -> dict[str, str]:
    """The variables of this process that match one of the patterns."""
    return {name: value for name, value in os.environ.items() if any(pattern.fullmatch(name) for pattern in patterns)}


@contextlib.contextmanager
def git_variables(folder: Path, *, fetching: bool = False) -> Iterator[dict[str, str]]:
    """The environment in which git commands run in a folder, as long as the block lasts.

    Raises UsageError where the repository's configuration names a program that cannot be left out.
    """
    settings = settings_of(folder)
    refuse_programs(settings)
    variables = {
        **passed_on(PASSED_ON, *([PASSED_ON_FETCHING] if fetching else [])),
        **FIXED,
        "GIT_ALLOW_PROTOCOL": PROTOCOLS if fetching else "none",
        "GIT_CONFIG_NOSYSTEM": "1",
        **as_variables(overrides(settings, fetching=fetching)),
    }
    with configuration_file(allowed(settings, fetching=fetching)) as path:
        yield {**variables, "GIT_CONFIG_GLOBAL": path}


def refuse_programs(settings: Iterable[Setting]) -> None:
    """Raises UsageError for a program of Git LFS that the repository's configuration names."""
    for setting in settings:
        if setting.scope in OF_THE_REPOSITORY and LFS_PROGRAM.fullmatch(setting.key):
            hint = f"remove it: git config --local --unset {setting.key}"
            raise UsageError(f"the repository's configuration names a program of Git LFS: {setting.key}", hint=hint)


def allowed(settings: Iterable[Setting], *, fetching: bool) -> list[Setting]:
    """The settings of the user and the machine that take part."""
    return [
        setting
        for setting in settings
        if setting.scope not in OF_THE_REPOSITORY
        and (ALLOWED.fullmatch(setting.key) or (fetching and ALLOWED_FETCHING.fullmatch(setting.key)))
    ]


def overrides(settings: Iterable[Setting], *, fetching: bool) -> list[tuple[str, str]]:
    """The settings that count above every file: fixed ones, and every filter but that of Git LFS made empty."""
    filters = {match[1]: setting for setting in settings if (match := FILTER.fullmatch(setting.key))}
    empty = [
        (f"filter.{name}.{part}", "false" if part == "required" else "")
        for name in filters
        for part in ("clean", "smudge", "process", "required")
        if name != "lfs"
    ]
    lfs = list(LFS.items()) if "lfs" in filters else []
    fixed = [(key, value) for key, value in OVERRIDDEN.items() if not (fetching and key in FETCHING)]
    return [*fixed, *empty, *lfs]


def as_variables(settings: list[tuple[str, str]]) -> dict[str, str]:
    """Settings as the variables by which git takes them; a key may hold any letter, so `-c` cannot give it."""
    variables = {"GIT_CONFIG_COUNT": str(len(settings))}
    for number, (key, value) in enumerate(settings):
        variables[f"GIT_CONFIG_KEY_{number}"] = key
        variables[f"GIT_CONFIG_VALUE_{number}"] = value
    return variables


@contextlib.contextmanager
def configuration_file(settings: list[Setting]) -> Iterator[str]:
    """The path of a file with the settings while the block runs; older git takes `safe.directory` from a file only.

    The file is in memory where the system has that, so a kill leaves nothing behind.
    """
    if not settings:
        yield os.devnull
        return
    text = "".join(as_text(setting) for setting in settings).encode(errors="surrogateescape")
    if hasattr(os, "memfd_create"):
        with os.fdopen(os.memfd_create("git-configuration"), "wb", buffering=0) as file:
            file.write(text)
            yield f"/proc/{os.getpid()}/fd/{file.fileno()}"
        return
    import tempfile

    with tempfile.NamedTemporaryFile(prefix="pipeline-kit-git-") as file:
        file.write(text)
        file.flush()
        yield file.name


def as_text(setting: Setting) -> str:
    """A setting as a section of a configuration file."""
    section, _, rest = setting.key.partition(".")
    subsection, _, name = rest.rpartition(".")
    heading = f'[{section} "{escaped(subsection)}"]' if subsection else f"[{section}]"
    return f'{heading}\n\t{name} = "{escaped(setting.value)}"\n'


def escaped(text: str) -> str:
    """Text between double quotes in a configuration file."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def failure(command: str, output: bytes) -> UsageError:
    """The error for a git command that failed, with git's message."""
    lines = output.decode(errors="replace").strip().splitlines() or ["no message"]
    reason = next((line for line in lines if line.startswith("fatal: ")), lines[-1]).removeprefix("fatal: ")
    advice = next((line.strip() for line in lines if "safe.directory" in line), None)
    hint = f"if you trust its owner: {advice}" if advice else "run `git status` to see the same message"
    return UsageError(f"git {command} failed: {reason}", hint=hint)
