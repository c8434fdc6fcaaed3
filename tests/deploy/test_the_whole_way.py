"""`make demo-cluster`: from a descriptor to a prediction from a pod and back, with both builders, on a real cluster."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.deploy import parts
from tests.examples.conftest import torch_python

__all__ = ["torch_python"]

SCRIPT = ROOT / "examples" / "cluster.py"
SECONDS = 1500
MEMORY = {"tumour_logistic": "256Mi", "digits_cnn": "1Gi"}
SAID = (
    "revision 1 is live in staging: 1 pod serves",
    "revision 2 is live in staging: 1 pod serves",
    "(OOMKilled); revision 3 was rolled back, revision 2 is live",
    "revision 4 is live in staging with all that revision 1 was",
    "the whole way, and back, in",
)
"""What a way without a mistake says, in this order."""


@pytest.mark.cluster
@pytest.mark.registry
@pytest.mark.engine
@pytest.mark.parametrize("example", ["tumour_logistic", pytest.param("digits_cnn", marks=pytest.mark.torch)])
def test_the_whole_way_and_back(
    example: str, tmp_path: Path, request: pytest.FixtureRequest, count: Callable[[str, int], None]
) -> None:
    """Built, tried, scanned, signed, pushed, released; another model by the other builder; a bad one; and back."""
    parts.require_cluster()
    parts.require_images()
    if example == "digits_cnn":
        request.getfixturevalue("torch_python")
    folder = tmp_path / "a way"
    words = [sys.executable, str(SCRIPT), "--example", example, "--folder", str(folder), "--memory", MEMORY[example]]
    done = subprocess.run(words, capture_output=True, text=True, timeout=SECONDS, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr
    place = -1
    for text in SAID:
        place = done.stdout.find(text, place + 1)
        assert place >= 0, f"{text!r} is not said, or not in this order:\n{done.stdout[-6000:]}"
    assert done.stdout.count("$ pipeline-kit predict --environment staging") == 3
    predictions = [block.splitlines()[2] for block in done.stdout.split("predict --environment staging\n")[1:]]
    assert all(line.strip() for line in predictions)
    count("releases on the whole way, on a real cluster", 4)


def test_a_way_without_a_cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what is missing, and nothing is made."""
    monkeypatch.delenv("KUBECONFIG", raising=False)
    words = [sys.executable, str(SCRIPT), "--folder", str(tmp_path / "way")]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert done.stderr == "demo: KUBECONFIG names no cluster\n"
