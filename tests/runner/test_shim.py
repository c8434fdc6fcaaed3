"""The shim as the kit uses it: a script, run by another Python, in a workspace that holds the project's code."""

import ast
import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import pytest

SHIM = Path(__file__).parents[2] / "pipeline_kit" / "adapters" / "python" / "shim.py"


class Called:
    """A finished call: exit code, what it printed, its report and its curves."""

    def __init__(self, folder: Path, done: subprocess.CompletedProcess[str]) -> None:
        report, steps = folder / "report.json", folder / "report.json.steps"
        self.code, self.out, self.err = done.returncode, done.stdout, done.stderr
        self.report: dict[str, Any] = json.loads(report.read_text()) if report.exists() else {}
        self.steps = [json.loads(line) for line in steps.read_text().splitlines()] if steps.exists() else []


def call(tmp_path: Path, source: str, entry: str = "project:main", **request: Any) -> Called:
    """Writes `project.py` into a workspace and calls a function of it through the shim."""
    workspace = tmp_path / "work space"
    workspace.mkdir(exist_ok=True)
    (workspace / "project.py").write_text(textwrap.dedent(source))
    path = tmp_path / "request.json"
    path.write_text(json.dumps({"entry": entry, "name": "train", **request}))
    done = subprocess.run(
        [sys.executable, SHIM, path, tmp_path / "report.json"],
        cwd=workspace,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Called(tmp_path, done)


def test_a_function_gets_the_job_and_its_figures_come_back(tmp_path):
    """Everything of the request is an attribute; metrics and curve rows are reported as numbers."""
    source = """
        def main(job):
            assert (job.name, job.seed, job.parameters) == ("train", 7, {"rate": 0.1, "names": ["a"]})
            assert job.checkpoints.is_dir() and job.resume is None
            text = job.inputs["data.train"].read_text()
            job.outputs["model"].write_text(text.upper())
            job.step(epoch=1, loss=0.5)
            job.step(epoch=2, loss=0.25)
            job.metric("rows", 3)
            job.metric("f1", 0.75)
            job.metric("f1", 0.875)
    """
    (tmp_path / "train.csv").write_text("a,b")
    called = call(
        tmp_path,
        source,
        seed=7,
        parameters={"rate": 0.1, "names": ["a"]},
        inputs={"data.train": str(tmp_path / "train.csv")},
        outputs={"model": str(tmp_path / "made" / "model.txt")},
        checkpoints=str(tmp_path / "kept"),
        resume=None,
    )
    assert (called.code, called.err) == (0, "")
    assert called.report == {"metrics": {"rows": 3, "f1": 0.875}, "exception": None, "cause": None}
    assert called.steps == [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}]
    assert (tmp_path / "made" / "model.txt").read_text() == "A,B"


def test_figures_that_are_not_finite_are_reported_as_such(tmp_path):
    """NaN and infinity arrive as strings in JSON that any parser takes, never as null or as a number."""
    source = """
        def main(job):
            job.metric("loss", float("nan"))
            job.metric("up", float("inf"))
            job.metric("down", -float("inf"))
            job.step(loss=float("nan"))
    """
    called = call(tmp_path, source)
    assert called.report["metrics"] == {"loss": "NaN", "up": "Infinity", "down": "-Infinity"}
    assert called.steps == [{"loss": "NaN"}]


def test_a_value_that_behaves_like_a_number_is_one(tmp_path):
    """Scalars of numpy and one-element tensors are numbers by `float()`; a text is refused by name."""
    source = """
        class Scalar:
            def __float__(self):
                return 0.5

        def main(job):
            job.metric("share", Scalar())
            job.metric("done", True)
            job.metric("name", "best")
    """
    called = call(tmp_path, source)
    assert called.code == 1
    assert called.report["metrics"] == {"share": 0.5, "done": 1.0}
    assert called.report["exception"] == "TypeError: 'name' must be a number, not 'best'"


def test_an_exception_shows_the_projects_frames_only(tmp_path):
    """The traceback starts in the project's code; the report has the exception and, as cause, where it began."""
    source = """
        def load():
            return {}["age"]

        def main(job):
            job.metric("rows", 2)
            try:
                load()
            except KeyError as error:
                raise ValueError("no such\\n  column") from error
    """
    called = call(tmp_path, source)
    assert called.code == 1
    assert called.report == {
        "metrics": {"rows": 2},
        "exception": "ValueError: no such column",
        "cause": "KeyError: 'age' (project.py:3)",
    }
    assert (
        "Traceback" in called.err and "ValueError: no such\n  column" in called.err and "KeyError: 'age'" in called.err
    )
    assert "shim.py" not in called.err and "importlib" not in called.err


def test_a_failing_import_shows_the_line_that_failed(tmp_path):
    """A module that the project's own code cannot import is an ordinary exception of the project."""
    called = call(tmp_path, "import not_installed_anywhere\n")
    assert called.code == 1
    assert called.report["exception"] == "ModuleNotFoundError: No module named 'not_installed_anywhere'"
    assert called.report["cause"].endswith("(project.py:1)")
    assert "shim.py" not in called.err and "frozen" not in called.err


def test_broken_syntax_is_told_with_its_line(tmp_path):
    """A module that does not parse is named with its file and line."""
    called = call(tmp_path, "def main(job):\n    return (\n")
    assert called.code == 1
    assert called.report["exception"] == "SyntaxError: '(' was never closed (project.py, line 2)"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("model.trainer:main", "module 'model' of 'model.trainer:main' is not in the workspace"),
        ("project:train", "module 'project' has no function 'train'"),
        ("project:value", "'project:value' is not a function but of type int"),
        ("project", "'project' is not of the form module:function"),
        (":main", "':main' is not of the form module:function"),
    ],
)
def test_an_entry_that_is_not_there_is_told_in_one_line(tmp_path, entry, message):
    """A wrong `run` names what is missing, without a traceback."""
    called = call(tmp_path, "value = 3\n", entry)
    assert called.code == 1
    assert message in called.report["exception"] and message in called.err
    assert "Traceback" not in called.err


def test_an_unknown_input_tells_which_there_are(tmp_path):
    """A misspelt name of an input is answered with the names that the job has."""
    called = call(tmp_path, "def main(job):\n    job.inputs['data.trian']\n", inputs={"data.train": "x", "model": "y"})
    assert "unknown input 'data.trian'; this job has: data.train, model" in called.report["exception"]


@pytest.mark.parametrize(
    ("statement", "code", "exception"),
    [
        ("sys.exit()", 0, None),
        ("sys.exit(0)", 0, None),
        ("sys.exit(3)", 1, "SystemExit: 3"),
        ("sys.exit('no data')", 1, "SystemExit: no data"),
        ("raise KeyboardInterrupt", 130, "KeyboardInterrupt"),
    ],
)
def test_leaving_early_is_judged_by_its_code(tmp_path, statement, code, exception):
    """`sys.exit()` without an error is a return; with one it fails, and never by the project's own exit code."""
    called = call(tmp_path, f"import sys\n\ndef main(job):\n    {statement}\n")
    assert (called.code, called.report["exception"]) == (code, exception)


def test_the_workspace_comes_first_and_the_shims_folder_never(tmp_path):
    """The project's modules and those under `src` are importable, the kit's own neighbours of the shim are not."""
    source = """
        import sys
        from pathlib import Path

        import deep

        def main(job):
            here = Path.cwd()
            assert [Path(entry) for entry in sys.path[:2]] == [here, here / "src"]
            assert not [entry for entry in sys.path if Path(entry).name == "runner"]
            assert sys.argv == ["project:main"] and deep.VALUE == 3
            assert set(vars(sys.modules["project"])) >= {"main"} and "job" not in globals()
    """
    (tmp_path / "work space" / "src").mkdir(parents=True)
    (tmp_path / "work space" / "src" / "deep.py").write_text("VALUE = 3\n")
    called = call(tmp_path, source)
    assert called.code == 0, called.err


def test_the_seed_reaches_every_generator_that_the_project_imports(tmp_path):
    """Two runs draw the same from `random` and numpy, and torch is seeded where its module is loaded."""
    source = """
        import random

        import numpy
        import torch

        def main(job):
            job.metric("random", random.random())
            job.metric("numpy", numpy.random.random())
            job.metric("torch", torch.seeded)
    """
    (tmp_path / "work space").mkdir()
    (tmp_path / "work space" / "torch.py").write_text(
        "seeded = 0\n\ndef manual_seed(seed):\n    global seeded\n    seeded = seed\n"
    )
    first = call(tmp_path, source, seed=2**32 + 7).report["metrics"]
    second = call(tmp_path, source, seed=2**32 + 7).report["metrics"]
    other = call(tmp_path, source, seed=8).report["metrics"]
    assert first == second and first["torch"] == 2**32 + 7
    assert first["random"] != other["random"] and first["numpy"] != other["numpy"]


def test_a_killed_run_keeps_its_curve_and_leaves_no_report(tmp_path):
    """Rows written before SIGKILL are there; a report is there whole or not at all."""
    source = """
        import os
        import signal

        def main(job):
            job.metric("f1", 1.0)
            job.step(epoch=1, loss=0.5)
            os.kill(os.getpid(), signal.SIGKILL)
    """
    called = call(tmp_path, source)
    assert called.code == -signal.SIGKILL
    assert called.steps == [{"epoch": 1, "loss": 0.5}]
    assert [path.name for path in tmp_path.glob("*report.json*")] == ["report.json.steps"]


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a process that its parent has died")
def test_the_curves_go_where_the_request_says(tmp_path):
    """`steps` of the request names the file of the curves."""
    call(tmp_path, "def main(job):\n    job.step(epoch=1)\n", steps=str(tmp_path / "curve.jsonl"))
    assert (tmp_path / "curve.jsonl").read_text() == '{"epoch": 1}\n'


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"entry": '])
def test_a_request_that_is_none_ends_with_a_usage_line(tmp_path, text):
    """Nothing of the project is imported for a request that cannot be read."""
    (tmp_path / "request.json").write_text(text)
    done = subprocess.run(
        [sys.executable, SHIM, "request.json", "report.json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2 and done.stderr.startswith("usage: shim.py REQUEST.json REPORT.json")
    assert not (tmp_path / "report.json").exists()


def test_the_shim_imports_the_standard_library_only():
    """It runs where neither the kit nor anything else is installed."""
    tree = ast.parse(SHIM.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names
