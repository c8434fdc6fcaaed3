"""What a short command does not load, and that nobody notices."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_kit.cli.main import read
from pipeline_kit.cli.parser import build_parser
from pipeline_kit.cli.startup import SELDOM_USED
from tests.projects import write_project

NOT_FOR_A_JOB = ("argparse", "jinja2", "numpy", "rich", "tempfile", "traceback", "xml.etree.ElementTree", "zoneinfo")


def output(script: str, *arguments: str) -> str:
    """What a script prints in an interpreter of its own."""
    command = [sys.executable, "-c", script, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def test_a_deferred_module_is_itself_as_soon_as_it_is_used() -> None:
    """Import statements alone do not load it; a name in it does, for whoever imported it before and after."""
    script = (
        "import sys; from pipeline_kit.cli.startup import Deferred, begin\n"
        f"new = [name for name in {SELDOM_USED} if name not in sys.modules]; begin()\n"
        "import dataclasses, inspect, pathlib, shutil, subprocess\n"
        "print(all(type(sys.modules[name]) is Deferred for name in new), 'ast' in sys.modules)\n"
        "from inspect import signature\n"
        "import inspect as again\n"
        "print(type(again) is Deferred, again.signature is inspect.signature is signature, shutil._ZLIB_SUPPORTED)"
    )
    assert output(script).split() == ["True", "False", "False", "True", "True"]


def test_a_module_that_is_loaded_already_stays() -> None:
    """In a program that has loaded more, nothing changes."""
    script = "import inspect, sys; from pipeline_kit.cli.startup import begin; begin(); print(sys.modules['inspect'])"
    assert "inspect.py" in output(script)


def test_a_job_loads_nothing_that_it_does_not_use(tmp_path: Path) -> None:
    """From the first import to the record that is written."""
    project = write_project(tmp_path / "demo", "  quick: {stage: probe}\n")
    script = (
        "import os, sys; from pipeline_kit.cli.startup import begin; begin()\n"
        "from pipeline_kit.cli.main import main\n"
        "os.chdir(sys.argv.pop(1)); code = main()\n"
        f"print(code, [name for name in {NOT_FOR_A_JOB} if name in sys.modules])"
    )
    assert output(script, str(project), "job", "quick").splitlines()[-1] == "0 []"


@pytest.mark.parametrize("name", ["train", "train_2"])
def test_the_line_of_ci_servers_is_read_as_the_parser_reads_it(name: str) -> None:
    """`job NAME` without argparse says exactly what it says with it."""
    assert vars(read(["job", name])) == vars(build_parser().parse_args(["job", name]))


def test_a_bare_run_is_read_as_the_parser_reads_it() -> None:
    """`run` without argparse means what it means with it: an option that is added is added there too."""
    assert vars(read(["run"])) == vars(build_parser().parse_args(["run"]))


@pytest.mark.parametrize("arguments", [["job"], ["job", "--help"], ["job", "a", "b"]])
def test_whatever_else_is_left_to_the_parser(arguments: list[str]) -> None:
    """Help and mistakes are its own."""
    with pytest.raises(SystemExit):
        read(arguments)


def test_a_process_that_ends_at_once_loses_nothing() -> None:
    """What was printed is there, and the exit code is the command's."""
    script = "from pipeline_kit.cli.startup import end; print('x' * 100_000); end(4)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (len(done.stdout), done.returncode) == (100_001, 4)
