"""What a repository brings along below `.pipeline-kit/` is never believed, written through or removed elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from pipeline_kit.contract.digest import digest_bytes
from pipeline_kit.contract.result import JobRecord, Outcome
from pipeline_kit.errors import InfrastructureError
from pipeline_kit.runner.cache import Cache
from pipeline_kit.runner.origin import KEY_FILE, Machine, Pipeline
from tests.projects import commit, kit, write_project

JOBS = """
  one: {stage: probe, text: a}
  two: {stage: probe, needs: [one], text: b}
"""
GITLAB = {"CI_PROJECT_ID": "12", "CI_PIPELINE_ID": "345"}
JENKINS = {"JENKINS_HOME": "/var/jenkins_home", "JOB_NAME": "team/model", "BUILD_NUMBER": "7"}
OWN = ("out", "work", "tmp", "replay", "locks", "why", "cache", "report")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of two jobs."""
    folder = tmp_path / "project"
    folder.mkdir()
    return write_project(folder, JOBS)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder outside of the project that has all of the names of the kit's own folder."""
    folder = tmp_path / "elsewhere"
    for name in OWN:
        (folder / name / "one").mkdir(parents=True)
        (folder / name / "one" / "precious.txt").write_text("mine")
    return folder


def content(folder: Path) -> dict[str, bytes]:
    """All files below a folder."""
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def digest(letter: str) -> str:
    """Some digest."""
    return "sha256:" + letter * 64


LINKS: dict[str, Callable[[Path, Path], tuple[Path, Path]]] = {
    "the folder itself": lambda kit, there: (kit, there),
    **{
        f"the folder {name}": (lambda kit, there, name=name: (kit / name, there / name))  # type: ignore[misc]
        for name in OWN
    },
    "a job's results": lambda kit, there: (kit / "out/one", there / "out/one"),
    "a job's workspace": lambda kit, there: (kit / "work/one", there / "work/one"),
    "the lock of a job": lambda kit, there: (kit / "locks/job-one", there / "locks/one/precious.txt"),
    "the lock of the run": lambda kit, there: (kit / "locks/run", there / "locks/one/precious.txt"),
    "the objects of the cache": lambda kit, there: (kit / "cache/objects", there / "cache"),
    "objects of one kind": lambda kit, there: (kit / "cache/objects/ab", there / "cache"),
    "a file of the report": lambda kit, there: (kit / "report/sentence.txt", there / "report/one/precious.txt"),
    "a part of the report": lambda kit, there: (kit / "report/.report.html.part", there / "report/one/precious.txt"),
    "what is beside the report": lambda kit, there: (kit / "report.shown", there / "report/one/precious.txt"),
    "a link to nowhere": lambda kit, there: (kit / "locks/job-one", there / "new"),
}


@pytest.mark.parametrize("kind", LINKS)
def test_a_link_among_the_kits_own_folders_is_refused(kind: str, project: Path, elsewhere: Path) -> None:
    """Every command ends with exit code 2 before it writes or removes anything where the link leads."""
    stages = project / ".pipeline-kit" / "stages"
    link, target = LINKS[kind](project / ".pipeline-kit", elsewhere)
    if kind == "the folder itself":
        shutil.copytree(stages, elsewhere / "stages")
        shutil.rmtree(project / ".pipeline-kit")
    link.parent.mkdir(parents=True, exist_ok=True)
    link.symlink_to(target)
    before = content(elsewhere)
    for command in (["run"], ["job", "one"], ["report"], ["run", "one"], ["why", "one"]):
        ended = kit(project, *command)
        assert ended.returncode == 2, (command, ended.stdout, ended.stderr)
        assert "is a link, which pipeline-kit never makes there" in ended.stderr
    assert content(elsewhere) == before
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["out/two/result.json", "cache/keys/x.json", "report/report.html", "stages2/x", "x"])
def test_what_git_tracks_there_is_refused(name: str, project: Path) -> None:
    """Only the project's own stages may be committed below the kit's folder."""
    planted = project / ".pipeline-kit" / name
    planted.parent.mkdir(parents=True, exist_ok=True)
    planted.write_text("{}")
    subprocess.run(["git", "add", "-f", f".pipeline-kit/{name}"], cwd=project, check=True)
    for command in (["run"], ["job", "one"]):
        ended = kit(project, *command)
        assert ended.returncode == 2, (ended.stdout, ended.stderr)
        shown = ended.stdout + ended.stderr
        assert f"git tracks .pipeline-kit/{name}, where pipeline-kit keeps results" in shown
        assert "git rm -r --cached .pipeline-kit" in shown


def test_a_repository_as_the_kits_folder_is_refused(project: Path) -> None:
    """A submodule brings files along as well as a commit does."""
    inner = project / ".pipeline-kit" / "out" / "one"
    inner.mkdir(parents=True)
    (inner / "result.json").write_text("{}")
    commit(inner)
    subprocess.run(["git", "add", "-f", ".pipeline-kit/out/one"], cwd=project, check=True, capture_output=True)
    ended = kit(project, "run")
    assert ended.returncode == 2
    assert "git tracks .pipeline-kit/out/one" in ended.stderr


def test_files_that_git_does_not_ignore_are_no_fault(project: Path) -> None:
    """A project whose .gitignore lacks the kit's folder works: nothing of it is tracked, and nothing is an input."""
    (project / ".gitignore").write_text("__pycache__/\n")
    for _ in range(2):
        ended = kit(project, "run")
        assert ended.returncode == 0, ended.stderr
    assert "cache" in ended.stdout


def test_another_machines_cache_is_empty_here(project: Path, tmp_path: Path) -> None:
    """The key of a result can be computed by anyone; the seal of a manifest cannot."""
    there, here = ({"PIPELINE_KIT_CACHE": str(tmp_path / name)} for name in ("there", "here"))
    assert kit(project, "run", **there).returncode == 0
    assert json.loads(kit(project, "run", "--json", **there).stdout)["one"]["cached"]
    assert not json.loads(kit(project, "run", "--json", **here).stdout)["one"]["cached"]


FORGERIES: dict[str, Callable[[dict[str, object]], object]] = {
    "another outcome": lambda result: result | {"outcome": "passed"},
    "another reason": lambda result: result | {"reason": "all is well"},
    "another measurement": lambda result: result | {"measurements": {"auc": 1.0}},
    "no seal": lambda result: result | {"origin": ""},
    "some seal": lambda result: result | {"origin": "0" * 64},
    "the name of a pipeline": lambda result: result | {"origin": "gitlab 12 345"},
    "the field left out": lambda result: {key: value for key, value in result.items() if key != "origin"},
    "another job's": lambda result: result | {"job": "two"},
    "no object": lambda result: [result],
    "nothing": lambda result: None,
}


@pytest.mark.parametrize("kind", FORGERIES)
def test_a_result_that_this_machine_did_not_make_does_not_count(kind: str, tmp_path: Path) -> None:
    """Neither the next job nor the report reads it."""
    project = write_project(tmp_path, JOBS.replace("text: a", "text: a, end: failed"))
    assert kit(project, "job", "one").returncode == 1
    path = project / ".pipeline-kit" / "out" / "one" / "result.json"
    path.write_text(json.dumps(FORGERIES[kind](json.loads(path.read_text()))))
    for command, code in ((["report"], 2), (["job", "two"], 1)):
        ended = kit(project, *command)
        assert ended.returncode == code, ended.stdout
        assert "result.json of job one" in ended.stdout + ended.stderr
        assert "passed" not in ended.stdout


@pytest.mark.parametrize("as_file", [True, False], ids=["a pipe", "a folder"])
def test_a_result_that_is_no_file_ends_at_once(as_file: bool, project: Path) -> None:
    """Nothing waits for a pipe that nothing writes to."""
    path = project / ".pipeline-kit" / "out" / "one" / "result.json"
    path.parent.mkdir(parents=True)
    os.mkfifo(path) if as_file else path.mkdir()
    ended = kit(project, "job", "two", seconds=60)
    assert ended.returncode == 1
    assert "result.json of job one cannot be read" in ended.stdout


@pytest.mark.parametrize(
    ("variables", "changed", "reason"),
    [
        (GITLAB, {"CI_PIPELINE_ID": "346"}, "it is not of this pipeline, gitlab 12 346"),
        (GITLAB, {"CI_PROJECT_ID": "13"}, "it is not of this pipeline, gitlab 13 345"),
        (JENKINS, {"JOB_NAME": "team/other"}, "it is not of this pipeline, jenkins /var/jenkins_home team/other"),
        (GITLAB, {"CI_PIPELINE_ID": ""}, "it was not made on this machine, or was changed since"),
    ],
)
def test_on_a_server_a_result_of_another_pipeline_does_not_count(
    variables: dict[str, str], changed: dict[str, str], reason: str, project: Path
) -> None:
    """A workspace that is used again holds results of earlier pipelines."""
    assert kit(project, "job", "one", **variables).returncode == 0
    assert kit(project, "job", "two", **variables).returncode == 0
    ended = kit(project, "job", "two", **variables | changed)
    assert ended.returncode != 0
    assert reason in ended.stdout


@pytest.mark.parametrize("variables", [GITLAB, JENKINS], ids=["gitlab", "jenkins"])
def test_on_a_server_a_result_of_another_commit_does_not_count(variables: dict[str, str], project: Path) -> None:
    """No commit can hold a result of itself, so none that is committed counts."""
    assert kit(project, "job", "one", **variables).returncode == 0
    (project / "more.txt").write_text("more")
    commit(project)
    for command, code in ((["report"], 2), (["job", "two"], 1)):
        ended = kit(project, *command, **variables)
        assert ended.returncode == code
        assert "does not count here: it is of commit" in ended.stdout + ended.stderr


def test_what_was_downloaded_is_named(tmp_path: Path) -> None:
    """A person may look at, and decide on, results of elsewhere; they are named for it, and count nowhere else."""
    project = write_project(tmp_path / "project", JOBS.replace("text: a", "text: a, end: undecided"))
    kit(project, "run", **GITLAB)
    assert kit(project, "decide", "one", "--reason", "fine", "--by", "Ada").returncode == 1
    artifacts = shutil.copytree(project / ".pipeline-kit" / "out", tmp_path / "artifacts")
    shutil.rmtree(project / ".pipeline-kit" / "out")
    shown = kit(project, "report", "--from", str(artifacts))
    assert (shown.returncode, "undecided" in shown.stdout) == (0, True), shown.stderr
    result = str(artifacts / "one" / "result.json")
    decided = kit(project, "decide", "one", "--from", result, "--reason", "fine", "--by", "Ada")
    assert decided.returncode == 0, decided.stderr
    assert kit(project, "decide", "two", "--from", result, "--reason", "x", "--by", "Ada").returncode == 1


def test_the_report_leaves_out_what_does_not_count(project: Path) -> None:
    """A workspace that is used again has results of jobs that are not of this event; the report says so."""
    old, new = GITLAB, GITLAB | {"CI_PIPELINE_ID": "999"}
    assert kit(project, "run", **old).returncode == 0
    assert kit(project, "job", "one", **new).returncode == 0
    ended = kit(project, "report", **new)
    assert ended.returncode == 0
    assert "note: result.json of job two does not count here" in ended.stderr
    assert "two" not in (project / ".pipeline-kit" / "report" / "report.md").read_text()


def test_on_a_server_a_whole_run_can_be_reported(tmp_path: Path) -> None:
    """Jobs that did not start have no commit, and are part of the report."""
    project = write_project(
        tmp_path, JOBS.replace("text: a", "text: a, end: failed") + "  three: {stage: probe, when: manual}\n"
    )
    assert kit(project, "run", **GITLAB).returncode == 1
    ended = kit(project, "report", **GITLAB)
    assert (ended.returncode, ended.stderr) == (0, "")
    page = (project / ".pipeline-kit" / "report" / "report.md").read_text()
    assert "skipped" in page
    assert "waiting" in page


def test_on_a_server_a_job_that_is_run_again_keeps_its_pipeline(project: Path, tmp_path: Path) -> None:
    """A retry, and a build restarted from a stage, read what the first run made, on any machine."""
    assert kit(project, "job", "one", **JENKINS, PIPELINE_KIT_CACHE=str(tmp_path / "a")).returncode == 0
    again = JENKINS | {"BUILD_NUMBER": "8", "PIPELINE_KIT_CACHE": str(tmp_path / "b")}
    assert kit(project, "job", "two", **again).returncode == 0
    assert kit(project, "report", **again).returncode == 0


def test_the_report_skips_what_could_not_start(project: Path) -> None:
    """A job whose need has failed is skipped, whatever is in its folder: an earlier attempt may have left it."""
    assert kit(project, "run").returncode == 0
    descriptor = project / "pipeline-kit.yml"
    descriptor.write_text(descriptor.read_text().replace("text: a", "text: a, end: failed"))
    assert kit(project, "job", "one").returncode == 1
    ended = kit(project, "report")
    assert ended.returncode == 0
    page = (project / ".pipeline-kit" / "report" / "report.md").read_text()
    row = next(line for line in page.splitlines() if line.startswith("|") and "two" in line)
    assert "skipped" in row


HOSTILE_NAMES = ["../escaped", "/absolute", "a/../../escaped", "", ".", "a//b", "a\\b", "a\0b"]
HOSTILE_DIGESTS = ["sha256:../../victim", "sha256:/etc/passwd", "../victim", "", digest("A"), "md5:" + "0" * 64]


@pytest.fixture
def kept(tmp_path: Path) -> tuple[Cache, JobRecord]:
    """A cache with one result, of one file."""
    out = tmp_path / "made"
    out.mkdir()
    (out / "note.txt").write_text("a note")
    cache = Cache(tmp_path / "cache", Machine(tmp_path / "user"))
    record = JobRecord("one", "probe", Outcome.PASSED, "it passed", key=digest("a"))
    cache.keep(record, out)
    return cache, record


def forge(cache: Cache, files: dict[str, str]) -> None:
    """Changes the files of the one manifest, and seals it: this machine's key has leaked."""
    path = cache.manifest(digest("a"))
    content = json.loads(path.read_text()) | {"files": files}
    del content["seal"]
    path.write_text(json.dumps(content | {"seal": cache.machine.seal(json.dumps(content, sort_keys=True))}))


def test_the_cache_restores_what_it_kept(kept: tuple[Cache, JobRecord], tmp_path: Path) -> None:
    """The baseline of the tests below."""
    cache, record = kept
    forge(cache, {"note.txt": digest_bytes(b"a note")})
    assert cache.restore(record.key, tmp_path / "out") == record
    assert (tmp_path / "out" / "note.txt").read_text() == "a note"


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_name_in_a_manifest_is_a_plain_path(name: str, kept: tuple[Cache, JobRecord], tmp_path: Path) -> None:
    """Even a sealed manifest writes nowhere but into the job's folder."""
    cache, record = kept
    forge(cache, {name: digest_bytes(b"a note")})
    before = content(tmp_path)
    assert cache.restore(record.key, tmp_path / "out") is None
    assert content(tmp_path) == before


@pytest.mark.parametrize("value", HOSTILE_DIGESTS)
def test_a_digest_in_a_manifest_is_no_path(value: str, kept: tuple[Cache, JobRecord], tmp_path: Path) -> None:
    """A file that a digest leads to is neither copied nor removed."""
    cache, record = kept
    (tmp_path / "victim").write_text("precious")
    forge(cache, {"note.txt": value})
    before = content(tmp_path)
    assert cache.restore(record.key, tmp_path / "out") is None
    assert content(tmp_path) == before


def test_a_manifest_under_another_key_does_not_count(kept: tuple[Cache, JobRecord], tmp_path: Path) -> None:
    """A sealed result is that of its own key, and not of one that it was copied to."""
    cache, _ = kept
    shutil.copy(cache.manifest(digest("a")), cache.manifest(digest("b")))
    assert cache.restore(digest("b"), tmp_path / "out") is None


def test_the_machines_key_is_its_owners_alone(tmp_path: Path) -> None:
    """It is made once, and a key that was damaged or replaced by a link is refused."""
    machine = Machine(tmp_path / "user")
    seal = machine.seal("text")
    path = tmp_path / "user" / KEY_FILE
    assert path.stat().st_mode & 0o777 == 0o600
    assert machine.seal("text") == seal
    assert machine.seal("other") != seal
    assert Machine(tmp_path / "another").seal("text") != seal
    path.write_bytes(b"short")
    with pytest.raises(InfrastructureError, match="damaged"):
        machine.seal("text")
    path.unlink()
    path.symlink_to(tmp_path / "another" / KEY_FILE)
    with pytest.raises(InfrastructureError):
        machine.seal("text")


def test_only_what_made_nothing_may_lack_its_commit() -> None:
    """A job may end before git is asked, or not start at all."""
    pipeline = Pipeline("gitlab 1 2", lambda: "c" * 40)
    failed = pipeline.mark(JobRecord("one", "probe", Outcome.FAILED, "the secret is missing"))
    passed = pipeline.mark(JobRecord("one", "probe", Outcome.PASSED, "it passed"))
    assert pipeline.complaint(failed) is None
    for outcome in (Outcome.SKIPPED, Outcome.WAITING):
        assert pipeline.complaint(pipeline.mark(JobRecord("one", "probe", outcome, "gate failed"))) is None
    assert "it is of commit None" in str(pipeline.complaint(passed))
