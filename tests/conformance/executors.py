"""One case on each of the three executors: a checkout, the run, and what it left."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.spec import StageSpec
from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import Secret, SecretType
from pipeline_kit.descriptor.secret_variables import variable_names
from pipeline_kit.extensions import Plugins
from pipeline_kit.plan.build import build_plan
from pipeline_kit.plan.model import Plan
from pipeline_kit.project.open import OpenProject, open_project
from pipeline_kit.servers.project import render_project
from tests.conformance.case import Case
from tests.executors.event_words import arguments_of
from tests.executors.executor import ExecutorRun
from tests.executors.fake_kit import commit, git
from tests.executors.gitlab_local import run_gitlab
from tests.executors.jenkins_harness import Build
from tests.executors.on_path import kit_on_path
from tests.projects import kit

RUN = Path(__file__).parent / "stage" / "run.py"
STAGES = sorted(path.parent for path in RUN.parent.glob("*/stage.yml"))
FILES = {
    "data/rows.csv": "id,x\n1,2\n",
    "data/more.csv": "id,x\n3,4\n",
    "src/model.py": "RATE = 1\n",
    "docs/page.md": "A page.\n",
    "requirements.lock": "",
    ".gitignore": ".pipeline-kit/*\n!.pipeline-kit/stages/\n__pycache__/\n.gitlab-ci-local/\n",
}
SECRET = 'the secret\'s "value": 100% é # no {{code}}'


@dataclass(frozen=True, slots=True)
class Told:
    """What one executor told of one case. `moments` are the lines of the trace: start or end, job, nanoseconds.

    `digests` has by job what its record says of its inputs and outputs, and of the note that it left.
    """

    outcomes: Mapping[str, str]
    moments: list[tuple[str, str, int]]
    digests: Mapping[str, Mapping[str, str]]
    log: str

    def moment(self, word: str, job: str) -> int | None:
        """The last time that a job started or ended; none where it did not."""
        return next((at for said, name, at in reversed(self.moments) if (said, name) == (word, job)), None)

    def span(self, job: str) -> tuple[int, int]:
        """When a job started and ended that has run."""
        started, ended = self.moment("start", job), self.moment("end", job)
        assert started is not None
        assert ended is not None, f"{job} has not ended"
        return started, ended

    def attempts(self, job: str) -> int:
        """How often a job was started."""
        return sum((said, name) == ("start", job) for said, name, _ in self.moments)


@dataclass(frozen=True, slots=True)
class Checkout:
    """A case on disk: the repository, and the secrets that its servers have."""

    case: Case
    folder: Path
    project: OpenProject

    def trace(self, executor: str) -> Path:
        """Where the jobs note their moments."""
        return self.folder / f"{executor}.trace"

    def environment(self, executor: str) -> dict[str, str]:
        """What the jobs find on a runner: the kit that is tested, and where to note the moments."""
        return {**kit_on_path(), "CONFORMANCE_TRACE": str(self.trace(executor))}

    def secrets(self) -> list[Secret]:
        """The secrets that are kept somewhere: all that the case does not go without."""
        return [each for name, each in self.project.descriptor.secrets.items() if name not in self.case.without]

    def value(self, secret: Secret) -> str:
        """Its value, or its file's path."""
        return str(self.folder / "secret.txt") if secret.type is SecretType.FILE else f"{SECRET} of {secret.name}"


class StagesOfTheTests(Catalog):
    """The real CI servers, and the stages of the tests."""

    def __init__(self, specs: Mapping[str, StageSpec]) -> None:
        super().__init__()
        self.stages = {name: spec.parameters for name, spec in specs.items()}  # type: ignore[assignment]

    def with_plugins(self, plugins: Plugins) -> Catalog:
        """The same: no case has plugins."""
        return self


def plan_of(case: Case) -> Plan:
    """The plan of all events; nothing is checked out for it."""
    specs = {folder.name: read_spec(folder) for folder in STAGES}
    return build_plan(load_descriptor(case.descriptor.parent, StagesOfTheTests(specs)), specs)


def check_out(case: Case, folder: Path) -> Checkout:
    """A case's repository: the descriptor, the stages, a few files, and the CI files rendered, unchanged."""
    base = folder / "base"
    for stage in STAGES:
        own = shutil.copytree(stage, base / ".pipeline-kit" / "stages" / stage.name)
        shutil.copy(RUN, own)
    for name, text in FILES.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_text(text, encoding="utf-8")
    (folder / "secret.txt").write_text(f"{SECRET} in a file", encoding="utf-8")
    shutil.copy(case.descriptor, base / "pipeline-kit.yml")
    project = open_project(base)
    for name, text in render_project(project.plan, project.descriptor).files.items():
        (base / name).write_text(text, encoding="utf-8")
    git(base, "init", "-q", "-b", "main")
    commit(base, "A case")
    if case.event.changed is not None:
        git(base, "switch", "-q", "-c", case.event.branch or "topic")
        for name in case.event.changed:
            (base / name).write_text("changed\n", encoding="utf-8")
        commit(base, "A change")
    return Checkout(case, folder, project)


def clone(checkout: Checkout, name: str) -> Path:
    """A clone for one executor; its origin's default branch is main. The path has a space."""
    copy = checkout.folder / f"the {name}"
    git(checkout.folder, "clone", "-q", "base", str(copy))
    git(copy, "remote", "set-head", "origin", "main")
    return copy


def run_here(checkout: Checkout) -> Told:
    """The case on this machine."""
    case, copy = checkout.case, clone(checkout, "here")
    variables = checkout.environment("here")
    for secret in checkout.secrets():
        names = variable_names(secret)
        variables |= dict(zip(reversed(names), [checkout.value(secret), "robot"], strict=False))
    done = kit(copy, "run", *case.started_here(), *arguments_of(case.event), "--json", **variables)
    try:
        outcomes = {name: record["outcome"] for name, record in json.loads(done.stdout).items()}
    except ValueError:
        raise AssertionError(f"{case.name}: {done.stdout}{done.stderr}") from None
    outcomes = {
        **{name: "waiting" for name, word in case.outcomes.items() if word == "waiting" and case.start},
        **outcomes,
    }
    results = {name: copy / ".pipeline-kit" / "out" / name for name in outcomes}
    return told(checkout, "here", ExecutorRun(outcomes, results, done.stderr))


def run_on_gitlab(checkout: Checkout) -> Told:
    """The case's `.gitlab-ci.yml`, by gitlab-ci-local."""
    variables: dict[str, str] = {}
    for secret in checkout.secrets():
        name = str(secret.servers["gitlab"])
        if secret.type is SecretType.USERNAME_PASSWORD:
            variables |= {f"{name}_USERNAME": "robot", f"{name}_PASSWORD": checkout.value(secret)}
        else:
            variables[name] = checkout.value(secret)
    case, copy = checkout.case, clone(checkout, "gitlab")
    run = run_gitlab(
        copy, case.event, start=case.start, environment=checkout.environment("gitlab"), variables=variables
    )
    return told(checkout, "gitlab", run)


def jenkins_build(checkout: Checkout) -> Build:
    """The build of the case's `Jenkinsfile`, for the harness."""
    credentials: dict[str, str | list[str]] = {}
    for secret in checkout.secrets():
        value = checkout.value(secret)
        name = str(secret.servers["jenkins"])
        credentials[name] = ["robot", value] if secret.type is SecretType.USERNAME_PASSWORD else value
    case = checkout.case
    return Build(
        checkout.folder / "base",
        checkout.folder / "jenkins",
        case.event,
        start=case.start,
        credentials=credentials,
        environment=checkout.environment("jenkins"),
    )


def told(checkout: Checkout, executor: str, run: ExecutorRun) -> Told:
    """What a pipeline left, read back; of a job that the event does not start there is nothing."""
    trace = checkout.trace(executor)
    lines = [line.split() for line in trace.read_text(encoding="utf-8").splitlines()] if trace.exists() else []
    problems = "\n".join(str(problem) for problem in run.problems)
    return Told(
        outcomes=dict(run.outcomes),
        moments=[(word, job, int(at)) for word, job, at in lines],
        digests={name: digests(folder) for name, folder in run.results.items() if (folder / "result.json").is_file()},
        log=problems + run.log[-20_000:],
    )


def digests(folder: Path) -> dict[str, str]:
    """The digests in a job's record, by `input NAME` and `output NAME`."""
    record = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    outputs = {f"output {name}": each["digest"] for name, each in record["outputs"].items()}
    return {**{f"input {name}": digest for name, digest in record["inputs"].items()}, **outputs}


def as_json(all_told: Mapping[str, Mapping[str, Told]]) -> str:
    """What all executors told, for other processes of the same test run."""
    return json.dumps({case: {name: asdict(each) for name, each in found.items()} for case, found in all_told.items()})


def from_json(text: str) -> dict[str, dict[str, Told]]:
    """The inverse of `as_json`."""
    return {
        case: {name: Told(**{**each, "moments": [tuple(m) for m in each["moments"]]}) for name, each in found.items()}
        for case, found in json.loads(text).items()
    }
