"""What stands in a repository is data: no name and no content makes another descriptor, and nothing of it is run."""

from __future__ import annotations

import itertools
import os
from pathlib import Path

import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_kit.adopt.read.survey import survey
from pipeline_kit.adopt.read.tree import list_tree
from pipeline_kit.adopt.write.descriptor_text import comment, flow
from pipeline_kit.adopt.write.summary import summary_lines
from pipeline_kit.descriptor.problem import Problems
from pipeline_kit.descriptor.tree import plain
from pipeline_kit.descriptor.yaml_tree import read_tree
from tests.adopt.shapes import proposed

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
PLAIN_WORDS = (
    "yes null ~ 1e3 0x1f 12:30:00 2024-01-01 #x {{x}} *a &a % @ !!python/x "
    "`id` $(id) ${X} -- --- ... << = y no é 日本 a,b]"
)
NASTY = st.sampled_from([*PLAIN_WORDS.split(), "- a", "a: b", "'", '"', "\\", "\n", "a\nb: c", "\t", " a", "a ", ""])
VALUES = st.recursive(
    st.one_of(TEXT, NASTY, st.integers(-(2**60), 2**60), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.one_of(TEXT, NASTY), inner, max_size=4)),
    max_leaves=8,
)


@given(VALUES)
@settings(max_examples=300, deadline=None)
def test_a_value_reads_back_as_it_was(value: object) -> None:
    """By PyYAML, which reads YAML 1.1; and by the kit's own reader, unless it refuses what cannot be seen."""
    text = f"key: {flow(value)}\n"  # type is any JSON value
    assert yaml.safe_load(text) == {"key": value}
    problems = Problems()
    tree = read_tree(text.encode(), "x.yml", problems)
    if not len(problems):
        assert tree is not None
        assert plain(tree) == {"key": value}
    else:
        assert all("invisible" in each.message for each in problems), list(problems)


@given(st.one_of(TEXT, NASTY))
@settings(max_examples=200, deadline=None)
def test_a_comment_is_never_more_than_a_comment(text: str) -> None:
    """Whatever a file holds, its words end with the line."""
    lines = comment(text, "  ")
    assert all(line.startswith("  # ") and len(line.splitlines()) == 1 for line in lines)
    assert yaml.safe_load("\n".join([*lines, "a: 1"])) == {"a": 1}


@given(name=st.one_of(TEXT, NASTY), word=st.one_of(TEXT, NASTY), column=st.one_of(TEXT, NASTY))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_hostile_contents_make_no_other_descriptor(name: str, word: str, column: str, tmp_path: Path) -> None:
    """Names, commands, variables, images, columns: what is proposed loads, and holds what was read or leaves it out."""
    ci = {
        name or "x": {
            "stage": name,
            "image": word,
            "tags": [word],
            "script": ["pytest", ["echo", word], f"run {word}"],
        },
        "train": {"script": [f"python train.py {word}"], "variables": {word: column}, "rules": [{"if": word}]},
        "other": {"script": [word], "needs": [name], "only": [word], "artifacts": {"paths": [word]}},
    }
    files = {
        ".gitlab-ci.yml": yaml.safe_dump(ci, allow_unicode=True),
        "Jenkinsfile": f"pipeline {{ stages {{ stage('{name}') {{ steps {{ sh '''{word}''' }} }} }} }}",
        "train.py": f"import joblib\nimport pandas as pd\njoblib.dump(pd.read_csv({column!r}), {word!r})\n",
        "data/train.csv": f"{column},target\n1,2\n",
        "pyproject.toml": f"[project]\nname = {word!r}\nrequires-python = {column!r}\ndependencies = [{name!r}]\n",
        "Makefile": f"train:\n\tpython train.py {word}\n{name}:\n\t{column}\n",
        "environment.yml": yaml.safe_dump({"dependencies": [word, {"pip": [column]}]}),
        "dvc.yaml": yaml.safe_dump({"stages": {name: {"cmd": word, "outs": [column], "deps": [name]}}}),
        "requirements.txt": f"{word}\n{column}\n",
    }
    for file, text in files.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text, encoding="utf-8")
    proposal, planned = proposed(tmp_path)
    read = yaml.safe_load(planned.text)
    assert list(read["jobs"]) == [job.name for job in proposal.jobs]
    for job in proposal.jobs:
        for key in job.keys:
            assert read["jobs"][job.name][key.name] == key.value
    assert all(line.isprintable() for line in summary_lines(proposal))


def test_nothing_of_the_repository_is_imported_or_run(tmp_path: Path) -> None:
    """Every file that Python or a tool would act on stays as it is, and leaves no trace."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'w').close()\n"
    for name in (
        "setup.py",
        "conftest.py",
        "sitecustomize.py",
        "noxfile.py",
        "train.py",
        "pkg/__init__.py",
        "tests/test_a.py",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(trap + "def test_a(): pass\n")
    (tmp_path / ".gitlab-ci.yml").write_text("test:\n  script: !!python/object/apply:os.system [touch sprung]\n")
    (tmp_path / "Makefile").write_text("X := $(shell touch sprung)\ntest: $(X)\n\tpytest\n")
    (tmp_path / "yaml.py").write_text(trap)
    proposed(tmp_path)
    assert not (tmp_path / "sprung").exists()


def test_names_that_no_descriptor_can_hold_are_left_out_and_told(tmp_path: Path) -> None:
    """Quotes, dollars, line ends and marks that turn text around do not get further than a remark."""
    for name in ("a'b.py", "$(id).csv", "`id`.py", "x\ny.csv", "train\u202e.py", 'a"b.ipynb'):
        (tmp_path / name).write_text("a,target\n1,2\n")
    (tmp_path / "ok.py").write_text("x = 1\n")
    proposal, planned = proposed(tmp_path)
    assert [each for each in proposal.notes if "no descriptor can hold such a name" in each]
    assert "$(id)" not in planned.text
    assert all(line.isprintable() for line in summary_lines(proposal))


def test_what_is_no_file_or_leads_outside_is_not_read(tmp_path: Path) -> None:
    """A named pipe would never end; a link may lead to somebody's secrets."""
    (tmp_path / "outside").write_text("[project]\nname = 'stolen'\n")
    root = tmp_path / "repo"
    root.mkdir()
    (root / "pyproject.toml").symlink_to(tmp_path / "outside")
    os.mkfifo(root / "requirements.txt")
    (root / "a.py").write_text("x = 1\n")
    facts = survey(list_tree(root, ["a.py", "pyproject.toml", "requirements.txt"]))
    assert facts.metadata.name is None
    assert facts.requirements[0].names == {}


def test_bombs_cost_nothing(tmp_path: Path) -> None:
    """Aliases of aliases, brackets without end, variables of variables: read up to a bound, and then no further."""
    names = [f"b{number}" for number in range(25)]
    rows = ["b0: &b0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]" for before, name in itertools.pairwise(names)]
    (tmp_path / ".gitlab-ci.yml").write_text("\n".join([*rows, "test:", f"  script: *{names[-1]}"]))
    (tmp_path / "dvc.yaml").write_text("stages: " + "[" * 20_000)
    (tmp_path / "Jenkinsfile").write_text("pipeline " + "{ x " * 40_000)
    (tmp_path / "deep.py").write_text("(" * 5_000 + ")" * 5_000)
    (tmp_path / "pyproject.toml").write_text("a = " + "[" * 100_000)
    chain = "".join(
        f"V{number} = {'$(V' + str(number + 1) + ')'} {'$(V' + str(number + 1) + ')'}\n" for number in range(60)
    )
    (tmp_path / "Makefile").write_text(chain + "test:\n\t$(V0)\n" + "a" * 100_000 + "\n")
    _, planned = proposed(tmp_path)
    assert planned.plan.jobs
