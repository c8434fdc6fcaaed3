"""Files that are credentials by their name, files of a person or a repository, and stores of keys."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from pipeline_kit.scan.finding import Finding, find
from pipeline_kit.scan.heuristic import is_placeholder, is_secret_name

PRIVATE_FOLDERS = (".git", ".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".svn", ".hg", ".terraform")
HISTORIES = re.compile(
    r"\.(?:bash|zsh|sh|ash|fish|python|psql|mysql|sqlite|rediscli|node_repl|irb|octave)_history|\.histfile|\.lesshst"
    r"|\.viminfo|\.pgpass|\.my\.cnf|[\w.-]+\.tfstate(?:\.backup)?"
)
KEY_STORES = re.compile(r".*\.(?:p12|pfx|jks|keystore|kdbx|ppk)", re.IGNORECASE)
SAMPLE = re.compile(r".*[._-](?:example|sample|template|tmpl|dist|tpl|j2|default)s?")
LARGEST = 1 << 20

Reader = Callable[[str], str]
"""The names of the credentials in a file's text, comma-separated; empty where it has none."""


def by_name(path: str, size: int) -> Iterator[Finding]:
    """What a file is by its path alone; a private folder counts once, at the first file in it."""
    *folders, name = path.split("/")
    inside = next((folder for folder in folders if folder in PRIVATE_FOLDERS), None)
    if inside is not None:
        folder = "/".join(folders[: folders.index(inside) + 1])
        yield find("private_file", path, f"is in {folder}", subject=folder)
    elif HISTORIES.fullmatch(name) and size:
        yield find("private_file", path, f"{name} is what a person or a tool keeps for itself", subject=name)
    elif KEY_STORES.fullmatch(name) and size:
        yield find("key_store", path, f"{name} is a store of keys", subject=name.rpartition(".")[2])


def reads_as_credentials(path: str) -> bool:
    """Whether a file of that name holds credentials as its purpose."""
    return reader_of(path) is not None


def credentials_in(path: str, content: bytes) -> Iterator[Finding]:
    """The credentials of a file whose name says that it has some."""
    reader = reader_of(path)
    if reader is None or len(content) > LARGEST:
        return
    try:
        names = reader(content.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return
    if names:
        yield find("secret_file", path, f"has credentials: {names}", subject=path.rpartition("/")[2])


def reader_of(path: str) -> Reader | None:
    """What reads the credentials out of a file of that name, or None."""
    name = path.rpartition("/")[2].lower()
    if SAMPLE.fullmatch(name):
        return None
    if name == ".env" or name.startswith(".env.") or name.endswith(".env"):
        return in_env
    if name in (".npmrc", ".yarnrc"):
        return in_npmrc
    if name in (".pypirc", "pip.conf", ".condarc"):
        return in_pypirc
    if name in (".netrc", "_netrc"):
        return in_netrc
    if name in (".dockercfg", ".dockerconfigjson") or path.endswith((".docker/config.json", "docker-config.json")):
        return in_docker
    if name.endswith("kubeconfig") or name.startswith("kubeconfig") or path.endswith(".kube/config"):
        return in_kubeconfig
    return in_git_credentials if name == ".git-credentials" else None


def in_env(text: str) -> str:
    """The variables of a .env file that hold secrets."""
    entries = re.findall(r"^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*(.*)$", text, re.MULTILINE)
    return _listed(
        name for name, value in entries if is_secret_name(name) and not is_placeholder(value.strip(" \t\"'"))
    )


def in_npmrc(text: str) -> str:
    """The credentials of npm."""
    entries = re.findall(r"(_authToken|_password|_auth)\s*=\s*(\S+)", text)
    return _listed(name for name, value in entries if not is_placeholder(value.strip(" \t\"'")))


def in_pypirc(text: str) -> str:
    """The passwords of .pypirc, and those in the addresses of pip's configuration."""
    entries = re.findall(r"^[ \t]*(password|token)[ \t]*[:=][ \t]*(\S+)", text, re.MULTILINE)
    entries += [("password in a URL", value) for value in re.findall(r"://[^\s/:@]+:([^\s/@]+)@", text)]
    return _listed(name for name, value in entries if not is_placeholder(value))


def in_netrc(text: str) -> str:
    """The machines of .netrc that have a password."""
    entries = re.findall(r"machine\s+(\S+)(?:(?!machine\s).)*?\bpassword\s+(\S+)", text, re.DOTALL)
    return _listed(machine for machine, value in entries if not is_placeholder(value))


def in_git_credentials(text: str) -> str:
    """The hosts that git has a password for."""
    return _listed(re.findall(r"https?://[^\s/:@]+:[^\s/@]+@([A-Za-z0-9.-]+)", text))


def in_docker(text: str) -> str:
    """The registries that Docker's configuration has credentials for."""
    document = json.loads(text)
    auths = document.get("auths", document) if isinstance(document, dict) else {}
    keys = ("auth", "password", "identitytoken", "registrytoken")
    held = {host: auth for host, auth in auths.items() if isinstance(auth, dict)}
    return _listed(host for host, item in held.items() if any(_filled(item.get(key)) for key in keys))


def in_kubeconfig(text: str) -> str:
    """What a kubeconfig authenticates with."""
    entries = re.findall(r"^[ \t]*(client-key-data|token|password)[ \t]*:[ \t]*[\"']?([^\s\"']+)", text, re.MULTILINE)
    entries += re.findall(r"\"(client-key-data|token|password)\"\s*:\s*\"([^\"]+)\"", text)
    return _listed(name for name, value in entries if not is_placeholder(value))


def _filled(value: Any) -> bool:
    return isinstance(value, str) and not is_placeholder(value)


def _listed(names: Any) -> str:
    entries = sorted(set(names))
    more = f" and {len(entries) - 5} more" if len(entries) > 5 else ""
    return ", ".join(entries[:5]) + more
