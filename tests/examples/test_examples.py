"""The examples as a reader finds them: data that their scripts reproduce, locks that pin, descriptors that load."""

from __future__ import annotations

import gzip
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline_kit.adapters.python.environments import LockedPythons
from pipeline_kit.catalog import Catalog, Specs
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.plan.build import build_plan
from pipeline_kit.render.scaffold import scaffold
from tests.examples.render import EXAMPLES, MODULES, PACKAGES, rendered

NAMES = sorted(path.parent.name for path in EXAMPLES.glob("*/pipeline-kit.yml"))
STAGES = {"check", "prepare", "build", "test", "train", "evaluate", "gate", "package", "image", "test_image", "scan"}
LOCKS = ("requirements.lock", "serving.lock")
PIN = re.compile(r"[A-Za-z0-9._-]+(\[[a-z,]+\])?==[A-Za-z0-9.+]+( \\)?")


def run(*command: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """A finished script of an example, its warnings errors."""
    argv = [sys.executable, "-B", "-W", "error", *map(str, command)]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, timeout=120, check=False)


def test_there_are_the_two_examples():
    """The examples are found where the README says."""
    assert NAMES == ["digits_cnn", "tumour_logistic"]


@pytest.mark.parametrize("name", NAMES)
def test_the_data_script_writes_the_committed_bytes_again(name, tmp_path):
    """What is committed under data/ is what the script makes of scikit-learn's data."""
    option = ["--output"] if name == "digits_cnn" else []
    done = run("make_data.py", *option, tmp_path, cwd=EXAMPLES / name)
    assert done.returncode == 0, done.stderr
    for committed in sorted((EXAMPLES / name / "data").iterdir()):
        assert (tmp_path / committed.name).read_bytes() == committed.read_bytes()


@pytest.mark.parametrize("name", NAMES)
def test_the_descriptor_loads_and_plans_every_stage_of_the_kit(name):
    """Each example shows all stages that need neither a registry nor a cluster, in one plan."""
    specs = Specs(EXAMPLES / name)
    descriptor = load_descriptor(EXAMPLES / name, Catalog(specs.project))
    plan = build_plan(descriptor, specs)
    assert {job.stage for job in plan.jobs} == STAGES
    assert descriptor.project.name == name
    assert all((EXAMPLES / name / each.path).is_file() for each in descriptor.data.values())


@pytest.mark.parametrize("file", LOCKS)
@pytest.mark.parametrize("name", NAMES)
def test_the_lock_pins_every_line_and_names_no_index(name, file):
    """A lock holds exact versions; where they come from is the machine's business."""
    lock = (EXAMPLES / name / file).read_text()
    lines = [line for line in lock.splitlines() if line and not line.startswith(("#", "    --hash=sha256:"))]
    assert [line for line in lines if not PIN.fullmatch(line)] == []
    assert "://" not in lock


def test_the_logistic_regression_is_locked_by_hash():
    """Every pin of the tumour example carries at least one hash, so pip demands them all."""
    lock = (EXAMPLES / "tumour_logistic" / "requirements.lock").read_text()
    entries = re.split(r"\n(?=[a-z])", lock)[1:]
    assert entries and all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("profile", PACKAGES)
def test_an_examples_server_is_what_the_template_renders(profile):
    """`templates/served` and the profile's locks are the one source; the example has their text, to the byte."""
    differing = [path for path, text in rendered(profile).items() if path.read_bytes() != text.encode()]
    assert differing == [], "run python -m tests.examples.render"


@pytest.mark.parametrize("module", MODULES)
def test_every_project_serves_by_the_same_code(module):
    """What serves a model depends neither on the model nor on the name of the project's package."""
    texts = {scaffold(profile, name)[f"{name}/{module}"] for profile in PACKAGES for name in ("fraud", "churn")}
    assert len(texts) == 1


def test_the_logistic_regression_runs_by_hand(tmp_path):
    """`python main.py` prepares, trains and evaluates without the kit, twice with the same bytes."""
    for folder in ("one", "two"):
        done = run("main.py", tmp_path / folder, cwd=EXAMPLES / "tumour_logistic")
        assert done.returncode == 0, done.stderr
        assert "roc_auc = 0.99" in done.stdout
    first, second = ((tmp_path / folder / "model.json").read_bytes() for folder in ("one", "two"))
    assert first == second


def idx(shape: tuple[int, ...], content: bytes) -> bytes:
    """An IDX file of unsigned bytes."""
    return bytes([0, 0, 8, len(shape)]) + b"".join(size.to_bytes(4, "big") for size in shape) + content


def test_mnist_is_read_from_idx_files_plain_and_gzipped(tmp_path):
    """Two images to train on and one to test with become rows; ids go on where the training images end."""
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx((2, 2, 2), bytes([0, 255, 7, 8, 1, 2, 3, 4])))
    (tmp_path / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(idx((2,), bytes([5, 0]))))
    (tmp_path / "t10k-images-idx3-ubyte.gz").write_bytes(gzip.compress(idx((1, 2, 2), bytes([9, 9, 9, 9]))))
    (tmp_path / "t10k-labels-idx1-ubyte").write_bytes(idx((1,), bytes([3])))
    done = run("make_data.py", "--mnist", tmp_path, "--output", tmp_path / "data", cwd=EXAMPLES / "digits_cnn")
    assert done.returncode == 0, done.stderr
    header = "id,label,pixel_0,pixel_1,pixel_2,pixel_3\n"
    assert (tmp_path / "data" / "train.csv").read_text() == header + "0,5,0,255,7,8\n1,0,1,2,3,4\n"
    assert (tmp_path / "data" / "test.csv").read_text() == header + "2,3,9,9,9,9\n"


@pytest.mark.torch
def test_the_network_runs_by_hand(torch_python, tmp_path):
    """`python main.py` trains the network twice to the same bytes, and reads nearly every digit."""
    for folder in ("one", "two"):
        done = torch_python.run(["main.py", str(tmp_path / folder)], cwd=EXAMPLES / "digits_cnn")
        assert done.exit_code == 0, "\n".join(done.tail)
        assert "accuracy = 0.98" in done.tail[-1]
    first, second = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in ("one", "two"))
    assert first == second


@pytest.mark.torch
def test_the_networks_own_tests_pass(torch_python: LockedPythons):
    """The digits example's tests hold in its locked environment, resuming to the same bytes among them."""
    done = torch_python.run(["-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=EXAMPLES / "digits_cnn")
    assert done.exit_code == 0, "\n".join(done.tail)
