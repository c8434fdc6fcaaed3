"""What a repository, a hook or a user has configured neither runs a program nor changes what the kit reads."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.adapters.git.checkout import check_out, new_repository, track
from pipeline_kit.adapters.git.history import GitHistory
from pipeline_kit.adapters.git.organisation import fetch_from
from pipeline_kit.adapters.git.repository import checkout, git, is_repository, project_files
from pipeline_kit.descriptor.organisation import OrganisationSource
from pipeline_kit.errors import UsageError

IDENTITY = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
REAL_GIT = shutil.which("git") or "git"


def run(folder: Path, *arguments: str) -> str:
    """Runs git as a person does, and returns what it printed."""
    done = subprocess.run(
        [REAL_GIT, *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True, text=True, errors="replace"
    )
    return done.stdout.strip()


def commit_all(folder: Path) -> str:
    """Commits every file, and returns the commit."""
    run(folder, "add", "--all")
    run(folder, "commit", "--quiet", "--message", "Add", "--allow-empty")
    return run(folder, "rev-parse", "HEAD")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with one committed file and an ignored one."""
    root = tmp_path / "project"
    root.mkdir()
    run(root, "init", "--quiet", "--initial-branch", "main")
    (root / "a.txt").write_text("a\n")
    (root / ".gitignore").write_text("ignored.txt\n")
    (root / "ignored.txt").write_text("ignored\n")
    commit_all(root)
    return root


def everything(root: Path, folder: Path) -> None:
    """Every kind of call of git that the kit makes in a project."""
    facts, files = checkout(root)
    assert (facts.branch, files) == ("main", project_files(root))
    history = GitHistory(root)
    (commit, *_) = history.commits(5)
    assert list(history.added(5))
    assert not history.shallow()
    assert not history.is_before(commit, commit)
    assert check_out(root, commit, folder).is_dir()
    assert git(root, "check-ignore", "--quiet", "--", "ignored.txt") is not None


def program(tmp_path: Path) -> tuple[Path, Path]:
    """A program, and the file that it leaves when it has run."""
    path, mark = tmp_path / "program", tmp_path / "it-ran"
    path.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    path.chmod(0o755)
    return path, mark


PROGRAMS = (
    "core.fsmonitor",
    "core.sshCommand",
    "core.askPass",
    "core.gitProxy",
    "core.pager",
    "core.editor",
    "core.alternateRefsCommand",
    "credential.helper",
    "diff.external",
    "diff.text.command",
    "diff.text.textconv",
    "filter.x.clean",
    "filter.x.smudge",
    "filter.x.process",
    "filter.lfs.clean",
    "filter.lfs.process",
    "gpg.program",
    "remote.origin.uploadpack",
    "sequence.editor",
)
HOOKS = ("post-index-change", "post-checkout", "reference-transaction", "fsmonitor-watchman", "pre-commit")


def make_hostile(root: Path, path: Path) -> None:
    """Sets every program of git's configuration in a repository, and makes sure that files look changed to it."""
    for key in PROGRAMS:
        run(root, "config", "--local", key, str(path))
    run(root, "config", "--local", "filter.x.required", "true")
    run(root, "config", "--local", "log.showSignature", "true")
    for name in HOOKS:
        shutil.copy(path, root / ".git" / "hooks" / name)
    (root / ".git" / "info" / "attributes").write_text("*.txt filter=x diff=text\n*.bin filter=lfs\n")
    for file in root.glob("*.txt"):
        os.utime(file, (1, 1))


def test_no_program_of_a_repository_runs(project: Path, tmp_path: Path) -> None:
    """Neither a setting, nor a hook, nor a filter that the repository's own configuration names runs."""
    path, mark = program(tmp_path)
    make_hostile(project, path)
    everything(project, tmp_path / "copy")
    assert not mark.exists()


def test_no_program_of_an_included_file_runs(project: Path, tmp_path: Path) -> None:
    """A configuration that the repository's own includes counts as the repository's."""
    path, mark = program(tmp_path)
    (tmp_path / "more").write_text(f'[core]\n\tfsmonitor = "{path}"\n[filter "y"]\n\tclean = "{path}"\n')
    run(project, "config", "--local", "include.path", str(tmp_path / "more"))
    (project / ".git" / "info" / "attributes").write_text("*.txt filter=y\n")
    os.utime(project / "a.txt", (1, 1))
    everything(project, tmp_path / "copy")
    assert not mark.exists()


@pytest.mark.parametrize("tracked", [True, False])
def test_no_program_of_a_nested_repository_runs(project: Path, tmp_path: Path, tracked: bool) -> None:
    """A submodule's or an unpacked archive's files are listed, and nothing that it configures runs."""
    path, mark = program(tmp_path)
    nested = project / "nested"
    nested.mkdir()
    run(nested, "init", "--quiet")
    (nested / "inner.txt").write_text("inner\n")
    commit_all(nested)
    if tracked:
        commit_all(project)
    make_hostile(nested, path)
    facts, files = checkout(project)
    assert "nested/inner.txt" in files
    assert facts.dirty is not tracked
    assert not mark.exists()


def test_a_change_inside_a_submodule_is_a_change(project: Path) -> None:
    """A checkout whose submodule has an edited file differs from its commit."""
    nested = project / "nested"
    nested.mkdir()
    run(nested, "init", "--quiet")
    (nested / "inner.txt").write_text("inner\n")
    commit_all(nested)
    commit_all(project)
    assert not checkout(project)[0].dirty
    (nested / "inner.txt").write_text("other\n")
    assert checkout(project)[0].dirty


def test_a_program_of_git_lfs_in_the_repository_is_refused(project: Path) -> None:
    """Git LFS reads programs from the repository's configuration itself, so the kit names the key and stops."""
    run(project, "config", "--local", "lfs.extension.x.clean", "touch it-ran")
    with pytest.raises(UsageError, match=r"names a program of Git LFS: lfs\.extension\.x\.clean"):
        checkout(project)


def git_that_records(folder: Path, monkeypatch: pytest.MonkeyPatch, *lines: str) -> Path:
    """Puts a program `git` first on the PATH that writes down its environment, and then runs the real one."""
    folder.mkdir()
    record = folder / "environment"
    script = ["#!/bin/sh", f"env >> '{record}'", *lines, f'exec {REAL_GIT} "$@"', ""]
    (folder / "git").write_text("\n".join(script))
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return record


def test_git_gets_no_secret(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable reaches git but those that it needs."""
    for name in ("PIPELINE_KIT_SECRET_TOKEN", "REGISTRY_PASSWORD", "CI_JOB_TOKEN", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "hunter2-hunter2")
    record = git_that_records(tmp_path / "bin", monkeypatch)
    everything(project, tmp_path / "copy")
    assert "hunter2" not in record.read_text()
    assert "GIT_CONFIG_COUNT" in record.read_text()


@pytest.mark.parametrize("name", run(Path.cwd(), "rev-parse", "--local-env-vars").split())
def test_variables_of_a_hook_change_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """In a hook git exports which repository it works on; the kit reads, and changes, the project's all the same."""
    other = tmp_path / "other"
    other.mkdir()
    run(other, "init", "--quiet", "--initial-branch", "topic")
    (other / "other.txt").write_text("other\n")
    head = commit_all(other)
    expected = checkout(project)
    monkeypatch.setenv(name, "0" if name == "GIT_CONFIG_COUNT" else str(other / ".git"))
    assert checkout(project) == expected
    check_out(project, str(expected[0].commit), tmp_path / "copy")
    new_repository(tmp_path / "new")
    track(tmp_path / "new")
    monkeypatch.delenv(name)
    assert run(other, "symbolic-ref", "HEAD") == "refs/heads/topic"
    assert run(other, "rev-parse", "HEAD") == head


USERS = (
    "[log]\n\tshowSignature = true\n",
    "[status]\n\tshowUntrackedFiles = no\n\tshort = true\n",
    "[core]\n\tquotePath = true\n\tpager = cat\n",
    "[color]\n\tui = always\n",
    "[format]\n\tpretty = oneline\n",
    "[diff]\n\tnoprefix = true\n\tmnemonicPrefix = true\n\tignoreSubmodules = all\n",
    '[filter "y"]\n\tclean = touch it-ran\n',
)


@pytest.mark.parametrize("text", USERS)
def test_settings_of_the_user_change_nothing(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    """What a person likes to see at a terminal does not change what the kit reads."""
    (project / "ä.txt").write_text("new\n")
    expected = checkout(project), list(GitHistory(project).added(5))
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert (checkout(project), list(GitHistory(project).added(5))) == expected
    assert expected[0][0].dirty


def test_what_the_user_ignores_is_ignored(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's list of ignored files counts, as it does for `git add`."""
    (project / "notes.swp").write_text("x")
    (tmp_path / "ignore").write_text("*.swp\n")
    (tmp_path / "config").write_text(f'[core]\n\texcludesFile = "{tmp_path}/ignore"\n')
    assert "notes.swp" in project_files(project)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    assert "notes.swp" not in project_files(project)


DIFFERENT_OWNER = "export GIT_TEST_ASSUME_DIFFERENT_OWNER=1"


def test_another_owner_is_an_error(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A repository that git refuses is not taken for a folder without git, whose ignored files would be inputs."""
    git_that_records(tmp_path / "bin", monkeypatch, DIFFERENT_OWNER)
    for call in (checkout, project_files, is_repository, lambda root: GitHistory(root).commits(3)):
        with pytest.raises(UsageError, match="dubious ownership") as caught:
            call(project)
        assert "git config --global --add safe.directory" in str(caught.value.hint)


@pytest.mark.parametrize("place", ["GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_COUNT"])
def test_a_directory_that_is_declared_safe_is_read(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """`safe.directory` counts wherever a user, a machine or a CI server has set it."""
    git_that_records(tmp_path / "bin", monkeypatch, DIFFERENT_OWNER)
    if place == "GIT_CONFIG_COUNT":
        monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
        monkeypatch.setenv("GIT_CONFIG_KEY_0", "safe.directory")
        monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(project))
    else:
        (tmp_path / "config").write_text(f'[safe]\n\tdirectory = "{project}"\n')
        monkeypatch.setenv(place, str(tmp_path / "config"))
    assert "ignored.txt" not in project_files(project)


def remove_head(root: Path) -> None:
    """A repository without HEAD, as an interrupted copy leaves it."""
    (root / ".git" / "HEAD").unlink()


def break_configuration(root: Path) -> None:
    """A configuration file that git cannot parse."""
    (root / ".git" / "config").write_text("[core\n")


def break_index(root: Path) -> None:
    """An index that is not one."""
    (root / ".git" / "index").write_bytes(b"no index")


def break_link(root: Path) -> None:
    """A worktree whose repository has gone."""
    shutil.rmtree(root / ".git")
    (root / ".git").write_text("gitdir: /nowhere/worktrees/project\n")


def break_reference(root: Path) -> None:
    """A branch that leads to a missing commit."""
    (root / ".git" / "refs" / "heads" / "main").write_text("1" * 40 + "\n")


@pytest.mark.parametrize("damage", [remove_head, break_configuration, break_index, break_link, break_reference])
def test_a_damaged_repository_is_an_error(project: Path, damage: Callable[[Path], None]) -> None:
    """A repository that git cannot read is an error, never a folder without git."""
    damage(project)
    with pytest.raises(UsageError, match=r"git .* failed"):
        checkout(project)


def test_a_repository_without_git_installed_is_an_error(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without git nothing tells which files are ignored; a folder that is no repository is read as it is."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match="git is not installed"):
        project_files(project)
    shutil.rmtree(project / ".git")
    assert "ignored.txt" in project_files(project)


def test_an_empty_repository_has_no_commit(tmp_path: Path) -> None:
    """A repository without commits is one: its files are listed, and it has no commit."""
    run(tmp_path, "init", "--quiet")
    (tmp_path / "a.txt").write_text("a\n")
    facts, files = checkout(tmp_path)
    assert (facts.commit, files) == (None, ("a.txt",))
    assert GitHistory(tmp_path).commits(3) == ()


def test_the_organisation_file_is_fetched_in_a_hook(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A clone gets neither the variables of a hook nor the user's templates."""
    path, mark = program(tmp_path)
    templates = tmp_path / "templates" / "hooks"
    templates.mkdir(parents=True)
    shutil.copy(path, templates / "post-checkout")
    (tmp_path / "config").write_text(f'[init]\n\ttemplateDir = "{tmp_path}/templates"\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "config"))
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_TEMPLATE_DIR", str(tmp_path / "templates"))
    run_in = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    subprocess.run([REAL_GIT, "-C", str(project), "tag", "v1"], check=True, env=run_in)
    source = OrganisationSource("a.txt", f"file://{project}", "v1")
    assert fetch_from(tmp_path)(source) == b"a\n"
    assert not mark.exists()
    assert not (tmp_path / "elsewhere").exists()
