"""Every row of the tables: what the plan starts, what GitLab's rules add, what Jenkins's conditions let run."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from pipeline_kit.cli.main import main
from pipeline_kit.plan.events import select
from pipeline_kit.project.open import OpenProject
from tests.events.servers import on_gitlab, on_jenkins, write_projects
from tests.events.tables import CIRCUMSTANCES, GROUPS, ROWS
from tests.executors.event_words import arguments_of
from tests.executors.gitlab_local import require_gitlab_local
from tests.executors.jenkins_harness import require_groovy
from tests.executors.once import chosen, once

Starts = Mapping[str, list[str]]
Count = Callable[[str, int], None]
every_row = pytest.mark.parametrize("row", ROWS)


@pytest.fixture(scope="session")
def projects(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, OpenProject]:
    """The descriptors of the tables, on disk."""
    return write_projects(tmp_path_factory.mktemp("events"))


@pytest.fixture(scope="session")
def gitlab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Starts:
    """What gitlab-ci-local adds to the pipeline in each row of this run."""
    require_gitlab_local()

    def make(folder: Path) -> str:
        write_projects(folder)
        return json.dumps(on_gitlab(folder, chosen(request, "row")))

    return dict(json.loads(once(tmp_path_factory, "events-gitlab", make)))


@pytest.fixture(scope="session")
def jenkins(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Starts:
    """What the harness starts in each row of this run."""
    require_groovy()

    def make(folder: Path) -> str:
        return json.dumps(on_jenkins(folder, chosen(request, "row"), write_projects(folder)))

    return dict(json.loads(once(tmp_path_factory, "events-jenkins", make)))


def test_there_are_enough_rows() -> None:
    """A hundred and fifty descriptors and events, and each descriptor names the pages that its rows rest on."""
    assert len(ROWS) >= 150
    assert all(group.gitlab and group.jenkins for group in GROUPS)
    assert len({group.about for group in GROUPS}) == len(GROUPS)
    one_server = [row for server in ("gitlab", "jenkins") for row in CIRCUMSTANCES[server].values()]
    assert all(row["page"] for row in one_server)


@every_row
def test_the_plan_of_the_event(row: str, projects: Mapping[str, OpenProject], count: Count) -> None:
    """`select` starts the jobs of the row, and each need of theirs with them."""
    case = ROWS[row]
    plan = select(projects[str(case.group)].plan, case.event)
    started = {job.name for job in plan.jobs}
    assert started == case.starts
    assert all(set(job.needs) <= started for job in plan.jobs)
    count("events: descriptor x event", 1)


@every_row
def test_the_command_says_the_same(
    row: str, projects: Mapping[str, OpenProject], capsys: pytest.CaptureFixture[str]
) -> None:
    """`pipeline-kit plan --event` lists the jobs of the row."""
    case = ROWS[row]
    root = projects[str(case.group)].folders.root
    assert main(["-C", str(root), "plan", "--json", *arguments_of(case.event)]) == 0
    assert {job["name"] for job in json.loads(capsys.readouterr().out)["jobs"]} == case.starts


@every_row
@pytest.mark.gitlab
def test_gitlab_adds_the_same_jobs(row: str, gitlab: Starts, count: Count) -> None:
    """The rules of the rendered `.gitlab-ci.yml`, weighed by gitlab-ci-local, add the jobs of the row."""
    assert set(gitlab[row]) == ROWS[row].starts
    count("events: rows that gitlab-ci-local agrees with", 1)


@every_row
@pytest.mark.jenkins
def test_jenkins_starts_the_same_jobs(row: str, jenkins: Starts, count: Count) -> None:
    """The conditions of the rendered `Jenkinsfile`, weighed by the harness, let the jobs of the row run."""
    assert set(jenkins[row]) == ROWS[row].starts
    count("events: rows that the Jenkins harness agrees with", 1)


@pytest.mark.gitlab
@pytest.mark.parametrize("circumstance", CIRCUMSTANCES["gitlab"])
def test_what_only_gitlab_can_tell(circumstance: str, gitlab: Starts, count: Count) -> None:
    """Sources of pipelines, and pushes beside merge requests."""
    assert gitlab[circumstance] == sorted(CIRCUMSTANCES["gitlab"][circumstance]["starts"].split())
    count("events: circumstances of one server", 1)


@pytest.mark.jenkins
@pytest.mark.parametrize("circumstance", CIRCUMSTANCES["jenkins"])
def test_what_only_jenkins_can_tell(circumstance: str, jenkins: Starts, count: Count) -> None:
    """Causes of builds."""
    assert jenkins[circumstance] == sorted(CIRCUMSTANCES["jenkins"][circumstance]["starts"].split())
    count("events: circumstances of one server", 1)
