"""Checks of this machine."""

from __future__ import annotations

from collections.abc import Iterator

from pipeline_kit.doctor.facts import MachineFacts
from pipeline_kit.doctor.finding import Finding, note, ok, problem

GIB = 1 << 30
LEAST_FREE_BYTES = GIB  # a locked environment with a deep-learning framework alone takes several times this
COMFORTABLE_FREE_BYTES = 5 * GIB
TOLERATED_CLOCK_SECONDS = 120


def python(facts: MachineFacts) -> Finding:
    """An interpreter that fits `project.python` is on the PATH."""
    wanted_python = facts.wanted_python
    if facts.python is None:
        return problem(
            "python", f"Python {wanted_python} is not on the PATH", install_python(wanted_python, facts.installer)
        )
    return ok("python", f"Python {facts.python} fits project.python {wanted_python}")


def install_python(wanted: str, installer: str | None) -> str:
    """The command that installs a Python."""
    version = wanted.removeprefix(">=")
    commands = {
        "uv": f"uv python install {version}",
        "pyenv": f"pyenv install {version}",
        "apt-get": f"apt-get install python{version} python{version}-venv",
        "dnf": f"dnf install python{version}",
        "brew": f"brew install python@{version}",
    }
    return commands.get(installer or "", f"install Python {version} from python.org, or change project.python")


def venv(facts: MachineFacts) -> Finding | None:
    """That interpreter can make environments: Debian keeps this in a package of its own."""
    if facts.python is None:
        return None
    if facts.has_venv:
        return ok("venv", "it can make environments")
    minor = ".".join(facts.python.split(".")[:2])
    return problem("venv", f"Python {facts.python} cannot make environments", f"apt-get install python{minor}-venv")


def git(facts: MachineFacts) -> Finding:
    """Git is installed."""
    if facts.git:
        return ok("git", "git is here")
    install = {"brew": "brew install git", "dnf": "dnf install git"}.get(facts.installer or "", "apt-get install git")
    return problem("git", "git is not on the PATH: the project's files cannot be listed", install)


def cache(facts: MachineFacts) -> Finding:
    """The folder of locked environments can be written, and its disk has room."""
    if not facts.cache_is_writable:
        message = f"{facts.cache} cannot be written: locked environments are kept there"
        return problem("cache", message, "export PIPELINE_KIT_CACHE=/a/folder/of/yours")
    elsewhere = "make room there, or: export PIPELINE_KIT_CACHE=/a/folder/on/another/disk"
    return space("cache", facts.cache, facts.cache_free_bytes, elsewhere)


def folder(facts: MachineFacts) -> Finding:
    """The project's folder can be written, and its disk has room."""
    if not facts.project_is_writable:
        return problem("folder", "the project's folder cannot be written", "chown -R $(id -un) .")
    fix = "rm -r .pipeline-kit/cache    # results of earlier runs; they are made again"
    return space("folder", "the project's disk", facts.project_free_bytes, fix)


def space(about: str, where: str, free: int, fix: str) -> Finding:
    """Whether there is room on a disk."""
    message = f"{where} has {free / GIB:.1f} GiB free"
    if free < LEAST_FREE_BYTES:
        return problem(about, message, fix)
    return note(about, message, fix) if free < COMFORTABLE_FREE_BYTES else ok(about, message)


def clock(facts: MachineFacts) -> Finding:
    """The clock is not behind the newest commit: certificates and make-like tools would go wrong."""
    if facts.clock_behind_seconds > TOLERATED_CLOCK_SECONDS:
        message = f"the newest commit is {facts.clock_behind_seconds / 60:.0f} minutes ahead of this machine's clock"
        return note("clock", message, "timedatectl set-ntp true")
    return ok("clock", "the clock is not behind the newest commit")


def index(facts: MachineFacts) -> Finding:
    """Where pip installs from, without a request."""
    return ok("index", f"pip installs from {facts.index}" if facts.index else "pip installs from its default index")


def tools(facts: MachineFacts) -> Iterator[Finding]:
    """Programs that nothing needs, but that help."""
    for tool in facts.tools:
        if tool.is_here:
            yield ok(tool.name, f"{tool.name} is here")
        else:
            yield note(tool.name, f"{tool.name} is not here; it {tool.purpose}", tool.install)


def check_machine(facts: MachineFacts) -> Iterator[Finding]:
    """All findings about the machine."""
    for check in (python, venv, git, cache, folder, clock, index):
        finding = check(facts)
        if finding is not None:
            yield finding
    yield from tools(facts)
