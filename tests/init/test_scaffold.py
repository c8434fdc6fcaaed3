"""New projects: the files of each profile, and the names that none may have."""

from __future__ import annotations

import ast
import csv
import io
import json
import subprocess
import sys
import tomllib
from importlib import resources
from pathlib import Path

import pytest
import yaml

from pipeline_kit.catalog import Catalog, Specs
from pipeline_kit.cli.servers import chosen, files
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.errors import UsageError
from pipeline_kit.plan.build import build_plan
from pipeline_kit.render.scaffold import profiles, scaffold, suggested_name
from tests.projects import commit, kit

ROOT = Path(__file__).parents[2]
NAMES = [profile.name for profile in profiles()]
SERVED = {"fraud/rows.py", "fraud/served.py", "fraud/server.py", "fraud/serving.py", "serving.in", "serving.lock"} | {
    "tests/test_server.py",
    "tests/test_serving.py",
}
ALWAYS = {".gitignore", "README.md", "pipeline-kit.yml", "pyproject.toml", "requirements.lock", "fraud/__init__.py"}


def write(files, folder: Path) -> Path:
    """The files on disk."""
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    return folder


def test_the_profiles_are_the_folders_of_the_templates():
    """A profile without templates, or templates without a profile, would be found by no one."""
    folder = resources.files("pipeline_kit.templates").joinpath("projects")
    assert sorted(NAMES) == sorted(entry.name for entry in folder.iterdir() if entry.is_dir())


@pytest.mark.parametrize(
    ("profile", "more"),
    [
        ("bare", {"fraud/words.py", "tests/test_words.py"}),
        (
            "tabular",
            {"fraud/table.py", "fraud/model.py", "fraud/training.py", "fraud/jobs.py", "data/train.csv"}
            | {"data/test.csv", "tests/test_table.py", "tests/test_jobs.py", *SERVED},
        ),
        (
            "lightning",
            {"fraud/images.py", "fraud/network.py", "fraud/training.py", "fraud/jobs.py", "data/train.csv"}
            | {"data/test.csv", "tests/test_images.py", "tests/test_jobs.py", *SERVED},
        ),
    ],
)
def test_a_profile_has_its_files_and_no_others(profile, more):
    """What a new project begins with, by name."""
    assert set(scaffold(profile, "fraud")) == ALWAYS | more


@pytest.mark.parametrize("profile", NAMES)
def test_the_same_name_gives_the_same_files_in_the_same_order(profile):
    """Scaffolding reads neither clock nor machine."""
    assert list(scaffold(profile, "fraud").items()) == list(scaffold(profile, "fraud").items())
    assert list(scaffold(profile, "fraud")) == sorted(scaffold(profile, "fraud"))


@pytest.mark.parametrize("profile", NAMES)
@pytest.mark.parametrize("name", ["fraud", "a", "credit-card_fraud2", "x" * 41])
def test_every_file_parses_and_ends_with_one_line_end(profile, name):
    """Python, YAML and TOML hold with short, long and dashed names; nothing of the template language is left."""
    for path, text in scaffold(profile, name).items():
        assert text.endswith("\n") and not text.endswith("\n\n"), path
        assert "{{" not in text and "{%" not in text, path
        assert not any(line != line.rstrip() for line in text.splitlines()), path
        if path.endswith(".py"):
            ast.parse(text, path)
        if path.endswith(".yml"):
            assert yaml.safe_load(text)["project"]["name"] == name.replace("-", "_")
        if path.endswith(".toml"):
            assert tomllib.loads(text)["project"]["name"] == name.replace("_", "-")


@pytest.mark.parametrize("profile", NAMES)
def test_the_descriptor_loads_and_plans(profile, tmp_path):
    """A new project's pipeline is right as it stands: a bare one builds and tests, the others go on to an image."""
    write(scaffold(profile, "credit-card"), tmp_path)
    specs = Specs(tmp_path)
    plan = build_plan(load_descriptor(tmp_path, Catalog(specs.project)), specs)
    stages = [job.stage for job in plan.jobs]
    whole = {"build", "check", "evaluate", "gate", "image", "package", "scan", "test", "test_image", "train"}
    assert set(stages) == ({"build", "test"} if profile == "bare" else whole)


@pytest.mark.parametrize("profile", NAMES)
@pytest.mark.parametrize("name", ["fraud", "a", "x" * 41])
def test_the_code_is_formatted_and_free_of_lint(profile, name, tmp_path):
    """The project's own lint passes on the first day, with the configuration it comes with."""
    write(scaffold(profile, name), tmp_path)
    for command in (["check"], ["format", "--check"]):
        argv = [sys.executable, "-m", "ruff", *command, "--no-cache", "."]
        done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stdout


def test_the_tests_of_a_new_bare_project_pass(tmp_path):
    """Its own tests are green, with warnings as errors."""
    write(scaffold("bare", "credit-card"), tmp_path)
    argv = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_new_projects_pipeline_ends_with_an_image_that_predicts(tmp_path):
    """What `init` makes passes at once, its own tests among it, and its image answers."""
    write(scaffold("tabular", "credit-card"), tmp_path)
    commit(tmp_path)
    done = kit(tmp_path, "run", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {record["outcome"] for record in json.loads(done.stdout).values()} == {"passed"}
    predicted = kit(tmp_path, "predict", "--rows", "data/test.csv", "--json")
    assert predicted.returncode == 0, predicted.stderr
    with (tmp_path / ".pipeline-kit/out/evaluate/predictions/test.csv").open(newline="") as file:
        evaluated = [row["prediction"] for row in csv.DictReader(file)]
    assert [each["prediction"] for each in json.loads(predicted.stdout)["predictions"]] == evaluated


@pytest.mark.parametrize(("ci", "said"), [(["gitlab"], [".gitlab-ci.yml"]), (["jenkins"], ["Jenkinsfile"]), ([], [])])
def test_the_readme_speaks_of_the_servers_that_were_chosen(ci, said):
    """Only the CI files that rendering will write are named."""
    for profile in NAMES:
        readme = scaffold(profile, "fraud", [files()[server] for server in ci])["README.md"]
        assert [name for name in (".gitlab-ci.yml", "Jenkinsfile") if name in readme] == said


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Fraud",
        "1st",
        "-x",
        "x-",
        "x_",
        "fräud",
        "a b",
        "a/b",
        "../up",
        "a.b",
        "$(id)",
        "{{ 7 * 7 }}",
        "x" * 42,
        "a\n",
    ],
)
def test_a_name_that_no_package_can_have_is_refused_with_one_that_would_do(name):
    """What is no plain name reaches no file, and the hint's name is accepted."""
    with pytest.raises(UsageError, match="is not a valid project name") as refused:
        scaffold("bare", name)
    assert refused.value.hint is not None
    scaffold("bare", refused.value.hint.rpartition(" ")[2])


@pytest.mark.parametrize("name", ["class", "match", "json", "numpy", "tests", "data", "random", "pytorch-lightning"])
def test_a_name_that_would_hide_another_module_is_refused(name):
    """Importing the project must find the project, and the others must find theirs."""
    with pytest.raises(UsageError, match=r"is (a word of Python's own|the name of a module or folder)") as refused:
        scaffold("tabular", name)
    assert refused.value.hint is not None
    scaffold("tabular", refused.value.hint.rpartition(" ")[2])


def test_unknown_profiles_and_servers_are_refused_with_the_known_ones():
    """A slip of the command line is answered with the choices."""
    with pytest.raises(UsageError, match="unknown profile 'tabula'") as profile:
        scaffold("tabula", "fraud")
    assert profile.value.hint == "one of: tabular, lightning, bare"
    with pytest.raises(UsageError, match="unknown CI server 'travis'") as server:
        chosen("travis", files())
    assert server.value.hint == "one of: gitlab, jenkins"


@pytest.mark.parametrize(
    ("text", "name"),
    [("Fraud Detector", "fraud-detector"), ("2024 data", "data-project"), ("", "my-project"), ("数据", "my-project")],
)
def test_the_name_of_a_folder_becomes_a_projects_name(text, name):
    """`init` without a name takes the folder's, as far as that goes."""
    assert suggested_name(text) == name
    scaffold("bare", suggested_name(text))


@pytest.mark.parametrize(("profile", "example"), [("tabular", "tumour_logistic"), ("lightning", "digits_cnn")])
def test_a_profile_pins_what_its_example_pins(profile, example):
    """One set of versions is tried, and equal files share one environment."""
    lock = (ROOT / "examples" / example / "requirements.lock").read_text(encoding="utf-8")
    assert scaffold(profile, "fraud")["requirements.lock"] == lock


def test_the_data_of_the_profiles_is_scikit_learns():
    """The rows shipped are the published ones, each once, and no flower of the test rows is also trained on."""
    from sklearn.datasets import load_digits, load_iris

    iris, digits = load_iris(), load_digits()
    names = iris.target_names.tolist()
    published = {
        "tabular": [[*row, names[kind]] for row, kind in zip(iris.data.tolist(), iris.target.tolist(), strict=True)],
        "lightning": [
            [kind, *row] for row, kind in zip(digits.data.tolist(), digits.target.tolist()[:500], strict=False)
        ],
    }
    for profile, rows in published.items():
        files = scaffold(profile, "fraud")
        parts = [list(csv.reader(io.StringIO(files[f"data/{part}.csv"])))[1:] for part in ("train", "test")]
        found = sorted((row for part in parts for row in part), key=lambda row: int(row[0]))
        assert [int(row[0]) for row in found] == list(range(len(rows)))
        assert [[as_published(cell) for cell in row[1:]] for row in found] == [
            [as_published(cell) for cell in row] for row in rows
        ]
        assert not {tuple(row[1:]) for row in parts[0]} & {tuple(row[1:]) for row in parts[1]}


def as_published(cell: object) -> object:
    """A cell as a number where it is one."""
    try:
        return float(str(cell))
    except ValueError:
        return cell
