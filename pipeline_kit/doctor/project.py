"""Checks of the project: its descriptor, its repository, its lock file and its data."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from pipeline_kit.doctor.facts import DatasetFacts, LockFacts, MachineFacts, ProjectFacts
from pipeline_kit.doctor.finding import Finding, note, ok, problem

SHOWN_AT_MOST = 3
MIB = 1 << 20
IGNORE_LINES = r"printf '.pipeline-kit/*\n!.pipeline-kit/stages/\n' >> .gitignore"


def descriptor(facts: ProjectFacts) -> Iterator[Finding]:
    """Every problem of the descriptor is one; what else keeps it from being planned, too."""
    for item in facts.problems:
        yield problem("descriptor", f"{item.position}: {item.message}", item.hint or "see `pipeline-kit config`")
    if facts.error:
        message, _, hint = facts.error.partition("\n")
        yield problem("descriptor", message, hint or "see `pipeline-kit plan`")
    if not facts.problems and not facts.error:
        yield ok("descriptor", "pipeline-kit.yml is valid, and its jobs make a plan")


def kit(facts: ProjectFacts) -> Iterator[Finding]:
    """The kit that runs here is the one that CI installs."""
    if facts.declared_kit is None:
        return
    if facts.kit == facts.declared_kit:
        yield ok("kit", f"pipeline-kit {facts.kit} is the one that the descriptor names")
        return
    message = f"this is pipeline-kit {facts.kit}, and CI installs {facts.declared_kit}: results and files may differ"
    yield note("kit", message, f"pip install pipeline-kit=={facts.declared_kit}")


def repository(facts: ProjectFacts) -> Iterator[Finding]:
    """The project is in a git repository that has commits, all of them."""
    if facts.git_error is not None:
        message, _, fix = facts.git_error.partition("\n")
        yield problem("git", message, fix)
    elif not facts.is_repository:
        yield problem("git", "this is not a git repository, which a CI server needs", "git init && git add --all")
    elif not facts.has_commits:
        yield problem("git", "the repository has no commit yet", 'git add --all && git commit -m "Begin"')
    elif facts.is_shallow:
        yield note("git", "the clone is shallow: earlier commits are not here", "git fetch --unshallow")
    else:
        yield ok("git", "the repository has commits, and all of its history")


def ignored(facts: ProjectFacts) -> Iterator[Finding]:
    """Git ignores what the kit makes, and does not ignore the project's own stages."""
    if not facts.is_repository:
        return
    if not facts.kit_folder_ignored:
        yield note("gitignore", "git does not ignore .pipeline-kit/: results would be committed", IGNORE_LINES)
    for name in facts.stages_ignored:
        message = f"git ignores .pipeline-kit/stages/{name}: the stage would be missing in CI"
        yield problem("gitignore", message, f"git add --force .pipeline-kit/stages/{name}")
    if facts.kit_folder_ignored and not facts.stages_ignored:
        yield ok("gitignore", "git ignores what the kit makes")


def large_files(facts: ProjectFacts) -> Iterator[Finding]:
    """No large file is in git itself, where every clone pays for it forever."""
    for path, size in facts.large_files[:SHOWN_AT_MOST]:
        command = f"git lfs migrate import --include={shlex.quote(path)}"
        yield note("large files", f"{path} has {size / MIB:.0f} MiB, and git keeps each version of it", command)
    if len(facts.large_files) > SHOWN_AT_MOST:
        more = len(facts.large_files) - SHOWN_AT_MOST
        yield note("large files", f"and {more} more that large", "git lfs migrate info --everything")


def lock(facts: ProjectFacts, machine: MachineFacts) -> Iterator[Finding]:
    """The lock file is there, pins everything, has hashes, was made for this Python, and has pytest if tests run."""
    if facts.lock is None:
        return
    name, command = facts.lock.path, make_lock(facts.lock)
    if not facts.lock.exists:
        yield problem("lock file", f"{name} is missing: the project's code has no environment to run in", command)
        return
    findings = [
        *unpinned(facts.lock, command),
        *without_pytest(facts, facts.lock, command),
        *made_for(facts.lock, machine, command),
    ]
    yield from findings
    if not findings:
        yield ok("lock file", f"{name} pins {len(facts.lock.names)} packages by version and hash")


def unpinned(lock: LockFacts, command: str) -> Iterator[Finding]:
    """Requirements without a version, or without a hash."""
    if lock.unpinned:
        yield problem("lock file", f"{lock.path} does not pin {listed(lock.unpinned)}", command)
    elif lock.without_hash and lock.has_hashes:
        message = f"{lock.path} has no hash for {listed(lock.without_hash)}, and pip then refuses all of it"
        yield problem("lock file", message, command)
    elif lock.without_hash:
        message = f"{lock.path} has no hashes: an index could hand out other files under the same versions"
        yield note("lock file", message, command)


def without_pytest(facts: ProjectFacts, lock: LockFacts, command: str) -> Iterator[Finding]:
    """A lock file without pytest, though a job runs the project's tests."""
    if facts.runs_tests and "pytest" not in lock.names:
        yield problem(
            "lock file", f"{lock.path} has no pytest, which the stage test runs", f"add pytest, then: {command}"
        )


def made_for(lock: LockFacts, machine: MachineFacts, command: str) -> Iterator[Finding]:
    """A lock file that says that it was made for another Python than the one it is installed with."""
    if lock.made_for is None or machine.python is None:
        return
    if not f"{machine.python}.".startswith(f"{lock.made_for}."):
        message = f"{lock.path} was made for Python {lock.made_for}, and {machine.python} would install it"
        yield note("lock file", message, f"with Python {machine.python}: {command}")


def make_lock(lock: LockFacts) -> str:
    """The command that makes the lock file from what the project has."""
    output = shlex.quote(lock.path)
    if lock.source == "uv.lock":
        return f"uv export --format requirements-txt --output-file {output}"
    if lock.source == "poetry.lock":
        return f"poetry export --output {output}"
    source = shlex.quote(lock.source or "pyproject.toml")
    return f"pip install pip-tools && pip-compile --generate-hashes --output-file {output} {source}"


def environment(facts: ProjectFacts) -> Iterator[Finding]:
    """Whether the locked environment is made; if not, the first job that needs it makes it."""
    if facts.environment is not None:
        made = "is made" if facts.environment else "is not made yet: the first job that needs it does it"
        yield ok("environment", f"the project's locked environment {made}")


def datasets(facts: ProjectFacts) -> Iterator[Finding]:
    """Every declared dataset is here, and will be in a checkout on a server."""
    for dataset_facts in facts.datasets:
        yield dataset(dataset_facts, facts)


def dataset(each: DatasetFacts, facts: ProjectFacts) -> Finding:
    """One dataset."""
    about, path = f"data.{each.name}", shlex.quote(each.path)
    if each.is_pointer:
        return problem(about, f"{each.path} is a pointer of git LFS, not the data", f"git lfs pull --include={path}")
    if not each.exists and each.has_dvc_file:
        return problem(about, f"{each.path} is not here, but DVC knows it", f"dvc pull {path}.dvc")
    if not each.exists and each.tracked:
        return problem(about, f"{each.path} has been deleted here; git has it", f"git checkout -- {path}")
    if not each.exists:
        fix = f"put it there, or change data.{each.name}.path in pipeline-kit.yml"
        return problem(about, f"{each.path} is not here", fix)
    if not facts.is_repository or each.tracked:
        return ok(about, f"{each.path} is here")
    if each.has_dvc_file:
        return note(
            about, f"{each.path} comes from DVC, which a job on a server must pull first", f"dvc push {path}.dvc"
        )
    if each.ignored:
        return problem(about, f"git ignores {each.path}: a server's checkout will lack it", f"git add --force {path}")
    return note(about, f"{each.path} is not in git yet: a server's checkout will lack it", f"git add {path}")


def listed(names: tuple[str, ...]) -> str:
    """The first few names, and how many more."""
    more = f" and {len(names) - SHOWN_AT_MOST} more" if len(names) > SHOWN_AT_MOST else ""
    return ", ".join(names[:SHOWN_AT_MOST]) + more


def check_project(facts: ProjectFacts, machine: MachineFacts) -> Iterator[Finding]:
    """All findings about the project."""
    for check in (descriptor, kit, repository, ignored, large_files):
        yield from check(facts)
    yield from lock(facts, machine)
    yield from environment(facts)
    yield from datasets(facts)
