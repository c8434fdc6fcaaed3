"""Where the Groovy harness is not Jenkins, each shown: docs/conformance.md lists them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from pipeline_kit.descriptor.model import EventKind
from pipeline_kit.plan.model import Event
from tests.executors.executor import ExecutorRun
from tests.executors.fake_kit import commit, git
from tests.executors.jenkins_harness import Build, problems_of, run_builds
from tests.executors.wrong_jenkinsfiles import GOOD, changed

pytestmark = pytest.mark.jenkins

REFUSED = {
    "tools": changed("      agent any\n", "      agent any\n      tools { maven '3' }\n"),
    "matrix": changed("steps {\n        sh 'true'\n      }", "matrix { axes { axis { name 'A'; values '1' } } }"),
    "library": "@Library('shared') _\n" + GOOD,
    "Groovy in a script step": changed("sh 'true'", "script { if (true) { sh 'true' } }"),
    "bat": changed("sh 'true'", "bat 'dir'"),
}
"""Files that Jenkins takes, one change away from one that both take."""

LOOSE = {
    "a time limit that is over": changed("sh 'true'", "timeout(time: 1, unit: 'SECONDS') { sh 'sleep 1.2' }"),
    "a label that no agent has": changed("agent any", "agent { label 'no_such_agent' }"),
    "an image that there is not": changed("agent any", "agent { docker { image 'no/such:image' } }"),
    "a secret in the log": changed(
        "sh 'true'", "withCredentials([string(credentialsId: 'api-token', variable: 'T')]) { sh 'echo $T' }"
    ),
    "a variable of the test's own": changed("sh 'true'", "sh '[ \"$OF_THE_TEST\" = seen ]'"),
    "a change in another case": changed("agent any", "when { changeset 'SRC/**' }\n agent any"),
}
"""Files that end otherwise on Jenkins than in the harness."""


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, ExecutorRun]:
    """What the harness makes of the loose files, in one Java process."""
    folder, builds = tmp_path_factory.mktemp("loose"), {}
    event = Event(EventKind.MERGE_REQUEST, branch="topic", changed=("src/a.py",))
    for number, (name, text) in enumerate(LOOSE.items()):
        root = folder / str(number)
        root.mkdir()
        (root / "Jenkinsfile").write_text(text, encoding="utf-8")
        git(root, "init", "-q", "-b", "main")
        commit(root, "A project")
        environment, credentials = {"OF_THE_TEST": "seen"}, {"api-token": "the secret token"}
        builds[name] = Build(root, folder / f"work {number}", event, environment=environment, credentials=credentials)
    return dict(zip(builds, run_builds(list(builds.values())), strict=True))


def test_it_refuses_what_the_kit_never_renders(tmp_path: Path) -> None:
    """Directives, steps and code that Jenkins knows and a rendered file has no use for."""
    files = {name: tmp_path / name for name in REFUSED}
    for name, file in files.items():
        file.write_text(REFUSED[name], encoding="utf-8")
    said = problems_of(list(files.values()), tmp_path / "work")
    assert all(said[file] for file in files.values())


@pytest.mark.parametrize("name", [name for name in LOOSE if name != "a change in another case"])
def test_it_lets_pass_what_jenkins_stops(name: str, runs: Mapping[str, ExecutorRun]) -> None:
    """Time limits, labels and images are read for their form only, and nothing of the test's own process is hidden."""
    assert runs[name].outcomes == {"a": "passed"}, runs[name].log


def test_it_masks_no_credentials(runs: Mapping[str, ExecutorRun]) -> None:
    """Jenkins prints **** in their place: pipeline/steps/credentials-binding/."""
    assert "the secret token" in runs["a secret in the log"].log


def test_it_compares_changed_paths_letter_by_letter(runs: Mapping[str, ExecutorRun]) -> None:
    """Jenkins's changeset takes SRC and src for one: book/pipeline/syntax/#built-in-conditions."""
    assert runs["a change in another case"].outcomes == {"a": "skipped"}
