"""Old CI files: what becomes of their jobs, and what is told of the rest."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pipeline_kit.adopt.infer.propose import Proposal
from tests.adopt.shapes import proposed

FILES = {
    "train.py": "import joblib\nif __name__ == '__main__':\n    joblib.dump(1, 'out/m.joblib')\n",
    "tests/test_a.py": "def test_a(): pass\n",
    "requirements.txt": "pytest\nflake8\npytest-cov\n",
}


def adopted(folder: Path, **files: str) -> Proposal:
    """The proposal for a small repository with those files; `gitlab` and `jenkins` are the CI files."""
    names = {"gitlab": ".gitlab-ci.yml", "jenkins": "Jenkinsfile", "makefile": "Makefile", "tox": "tox.ini"}
    for name, text in {**FILES, **{names[key]: dedent(text) for key, text in files.items()}}.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return proposed(folder)[0]


def job(proposal: Proposal, name: str) -> dict[str, object]:
    """A job as the descriptor has it."""
    found = next(each for each in proposal.jobs if each.name == name)
    return {"stage": found.stage, "needs": found.needs, **{key.name: key.value for key in found.keys}}


def lost(proposal: Proposal) -> str:
    """What is told as not carried over."""
    return "\n".join(f"{each.place}: {each.what}" for each in proposal.mapped.lost)


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pytest tests -q", {"stage": "test", "paths": ["tests"]}),
        ("python3 -m pytest -m 'not slow' tests", {"paths": ["tests"], "arguments": ["-m", "not slow"]}),
        ("poetry run pytest --junitxml=x.xml", {"stage": "test"}),
        ("coverage run -m pytest tests/test_a.py", {"stage": "test", "paths": ["tests/test_a.py"]}),
        ("pip install -r x.txt && pytest --cov=src --cov-fail-under=80", {"source": ["src"], "coverage": 0.8}),
        ("SEED=3 pytest", {"stage": "test", "variables": {"SEED": "3"}}),
        ("python -m build", {"stage": "build", "wheel": False}),
        ("uv build", {"stage": "build", "wheel": False}),
        ("python train.py --n 3", {"stage": "train", "outputs": {"model": "m.joblib"}}),
        ("uv run --frozen python -m train", {"stage": "train", "outputs": {"model": "m.joblib"}}),
        ("./report.sh a b", {"stage": "command", "run": ["./report.sh", "a", "b"]}),
        ("echo $HOME > x", {"stage": "command", "run": ["bash", "-c", "set -e\necho $HOME > x"]}),
        ("cd sub && pytest", {"stage": "command"}),
        ("isort .", {"stage": "command", "run": ["isort", "."]}),
    ],
)  # fmt: skip
def test_a_line_becomes_a_job(script: str, expected: dict[str, object], tmp_path: Path) -> None:
    """Tests, builds and training are stages of the kit; the rest is an argv, or what bash reads."""
    proposal = adopted(tmp_path, gitlab=f"one:\n  script:\n    - {script!r}\n")
    found = job(proposal, "one")
    assert {key: found.get(key) for key in expected} == expected
    if found["stage"] == "train":
        assert list(map(str, found["run"]))[:5] == ["python", "ci/as_job.py", "--give", "model=out/m.joblib", "--"]


def test_lint_goes_beside_the_tests(tmp_path: Path) -> None:
    """A job that only lints is none of its own: its commands stand in `lint` of the job that tests."""
    proposal = adopted(
        tmp_path,
        gitlab="""
        stages: [style, test]
        style: {stage: style, script: [flake8 src --max-line-length=99]}
        unit: {stage: test, script: [pytest]}
        """,
    )
    assert job(proposal, "unit")["lint"] == [["flake8", "src", "--max-line-length=99"]]
    assert job(proposal, "unit")["needs"] == []
    assert "style" not in [each.name for each in proposal.jobs]


def test_order_follows_stages_and_needs(tmp_path: Path) -> None:
    """Without `needs` a job follows the stage before; what is left out is stepped over."""
    proposal = adopted(
        tmp_path,
        gitlab="""
        stages: [a, b, c, d]
        setup: {stage: a, script: [pip install x]}
        unit: {stage: b, script: [pytest tests]}
        slow: {stage: b, script: [pytest tests -m slow]}
        ship: {stage: c, script: [twine upload dist/*]}
        last: {stage: d, script: [./a.sh]}
        early: {stage: d, needs: [], script: [./b.sh]}
        one: {stage: d, needs: [{job: slow, artifacts: true}], script: [./c.sh]}
        """,
    )
    assert job(proposal, "last")["needs"] == ["unit", "slow"]
    assert job(proposal, "early")["needs"] == []
    assert job(proposal, "one")["needs"] == ["slow"]
    assert "job ship: a deployment (`twine upload dist/*`)" in lost(proposal)


def test_extends_anchors_references_and_defaults_are_followed(tmp_path: Path) -> None:
    """What a job inherits is its own; what another file defines is told."""
    proposal = adopted(
        tmp_path,
        gitlab="""
        include: ['/ci/base.yml']
        default: {before_script: [export MODE=fast]}
        .base: {variables: {A: '1'}, tags: [big]}
        .steps: {script: [./prepare.sh]}
        two:
          extends: [.base, .unknown]
          script: [!reference [.steps, script], ./run.sh]
        """,
    )
    found = job(proposal, "two")
    assert found["variables"] == {"A": "1", "MODE": "fast"}
    assert found["run"] == ["bash", "-c", "set -e\n./prepare.sh\n./run.sh"]
    assert found["runner"] == "big"
    assert "include /ci/base.yml" in lost(proposal)


@pytest.mark.parametrize(
    ("condition", "events"),
    [
        ("rules: [{if: '$CI_COMMIT_BRANCH == \"dev\"'}]", ["branch:dev"]),
        ("rules: [{if: $CI_MERGE_REQUEST_ID}, {if: $CI_COMMIT_TAG}]", ["merge_request", "tag"]),
        ("only: [main, tags]", ["branch:main", "tag"]),
        ("only: {refs: [schedules]}", ["schedule"]),
        ("rules: [{if: '$A =~ /x/'}]", None),
        ("rules: [{changes: [a]}]", None),
        ("except: [main]", None),
    ],
)  # fmt: skip
def test_plain_conditions_become_events(condition: str, events: list[str] | None, tmp_path: Path) -> None:
    """What is no plain event is told, and the job starts on every event."""
    proposal = adopted(tmp_path, gitlab=f"one: {{script: [./x.sh], {condition}}}\n")
    assert job(proposal, "one").get("events") == events
    assert (events is None) == ("write it as `events`" in lost(proposal))


def test_events_that_do_not_fit_together_are_given_up(tmp_path: Path) -> None:
    """A proposal always plans: where a job starts and its need does not, all of them start on every event."""
    gitlab = """
    stages: [a, b]
    one: {stage: a, script: [./x.sh], only: [tags]}
    two: {stage: b, script: [./y.sh], only: [main]}
    """
    proposal = adopted(tmp_path, gitlab=gitlab)
    assert "events" not in job(proposal, "two")
    assert any("every job starts on every event" in each for each in proposal.notes)


def test_what_a_descriptor_cannot_hold_is_told_with_its_line(tmp_path: Path) -> None:
    """Services, matrices, images, secrets in the clear: each with its place."""
    proposal = adopted(
        tmp_path,
        gitlab="""\
        one:
          image: node:20
          services: [redis:7]
          parallel: 3
          variables:
            API_TOKEN: abcdefghijkl
            DB: postgres://u:hunter2@db/x
            OK: fine
          script:
            - apt-get install -y libgomp1
            - curl -H "$API_TOKEN" x | sh -x
        """,
    )
    told = lost(proposal)
    for line in (
        ".gitlab-ci.yml:3: services redis:7",
        ".gitlab-ci.yml:4: parallel",
        "image node:20",
        "variable API_TOKEN: its value is not copied",
        "variable DB: its value is not copied",
        ".gitlab-ci.yml:10: `apt-get install -y libgomp1`",
    ):
        assert line in told, told
    assert job(proposal, "one")["variables"] == {"OK": "fine"}


def test_make_and_tox_are_looked_into(tmp_path: Path) -> None:
    """A CI job that calls make runs what the target says; tox's commands run in the locked environment."""
    proposal = adopted(
        tmp_path,
        gitlab="check: {script: [make lint test]}\nall: {script: [tox]}\nmodel: {script: [make data, make model]}\n",
        makefile="PY = python3\nlint:\n\t@flake8 .\ntest: lint\n\t$(PY) -m pytest tests -k fast\n"
        "data:\n\t./get.sh\nmodel:\n\t$(PY) train.py\n",
        tox="[testenv]\ncommands = pytest {posargs:tests}\n",
    )
    assert job(proposal, "check")["arguments"] == ["-k", "fast"]
    assert job(proposal, "check")["lint"] == [["flake8", "."]]
    assert job(proposal, "all")["paths"] == ["tests"]
    assert job(proposal, "model")["run"] == ["bash", "-c", "set -e\n./get.sh\npython3 train.py"]


def test_a_scripted_pipeline_with_parallel_branches(tmp_path: Path) -> None:
    """Scripted or declarative: stages are stages, and branches wait for what is before them alone."""
    proposal = adopted(
        tmp_path,
        jenkins="""
        node('linux') {
          checkout scm
          stage('Unit') { sh "pytest tests" }
          stage('Both') {
            parallel(
              a: { stage('A') { sh './a.sh' } }
            )
          }
          stage("Odd's") { sh script: './it.sh --x', returnStatus: true }
          stage('Windows') { bat 'run.cmd' }
        }
        """,
    )
    assert job(proposal, "unit")["paths"] == ["tests"]
    assert job(proposal, "odd_s")["run"] == ["./it.sh", "--x"]
    assert "bat: the kit runs on POSIX systems" in lost(proposal)


def test_a_job_that_both_files_have_is_one(tmp_path: Path) -> None:
    """A repository that moved from one server to the other has everything twice."""
    proposal = adopted(
        tmp_path,
        gitlab="unit: {script: [pytest tests]}\n",
        jenkins="pipeline { agent any\n stages { stage('Tests') { steps { sh 'pytest tests' } }\n"
        " stage('Next') { steps { sh './next.sh' } } } }",
    )
    assert [each.name for each in proposal.jobs if each.stage == "test"] == ["unit"]
    assert job(proposal, "next")["needs"] == ["unit"]
    assert any(each.became == "job unit, which is the same" for each in proposal.mapped.carried)


@pytest.mark.parametrize(
    "text", ["", "- a\n- b\n", "a: [", "\t", "include: x\n", "🙂: {script: [🙂]}\n", "a: &a {b: *a}\n"]
)
def test_a_file_that_is_none_is_no_obstacle(text: str, tmp_path: Path) -> None:
    """What cannot be read as a CI file changes nothing in what the rest suggests."""
    proposal = adopted(tmp_path, gitlab=text, jenkins=text)
    assert [each.stage for each in proposal.jobs if each.name in ("test", "train")] == ["test", "train"]


def test_a_command_after_a_training_is_handed_the_model_it_names(tmp_path: Path) -> None:
    """Jobs see what they declare: what GitLab's artifacts carried along, an input does."""
    proposal = adopted(
        tmp_path,
        gitlab="""
        stages: [a, b, c]
        fit: {stage: a, script: [python train.py]}
        look: {stage: b, script: ["ls -l out | tee x"]}
        other: {stage: c, script: [./outside.sh]}
        """,
    )
    take = ["python", "ci/as_job.py", "--take", "fit.model=out/m.joblib", "--"]
    assert job(proposal, "look")["run"] == [*take, "bash", "-c", "set -e\nls -l out | tee x"]
    assert job(proposal, "other")["run"] == ["./outside.sh"]
