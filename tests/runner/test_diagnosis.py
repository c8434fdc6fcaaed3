"""The cause of a failed process, from its last lines."""

from __future__ import annotations

import pytest

from pipeline_kit.errors import Category
from pipeline_kit.runner.diagnosis import diagnose

CAUSES = [
    ("RuntimeError: CUDA out of memory. Tried to allocate 2.00 GiB", Category.INFRASTRUCTURE),
    ("OSError: [Errno 28] No space left on device: 'model.pt'", Category.INFRASTRUCTURE),
    ("requests.exceptions.HTTPError: 403 Client Error: Forbidden for url", Category.INFRASTRUCTURE),
    ("urllib3: Temporary failure in name resolution", Category.INFRASTRUCTURE),
    ("epoch 3: loss = nan", Category.MODEL),
    ("FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv'", Category.DATA),
    ("KeyError: \"['age'] not in index\"", Category.DATA),
    ("ModuleNotFoundError: No module named 'sklearn'", Category.PROJECT),
    ("ValueError: it is wrong", Category.PROJECT),
]


@pytest.mark.parametrize(("line", "category"), CAUSES)
def test_a_sign_names_the_cause(line: str, category: Category) -> None:
    """Before and behind other lines, and at either end of a long one."""
    for lines in ([line], ["first", line, "last"], [line + " " + "x" * 100_000], ["x" * 100_000 + " " + line]):
        cause = diagnose(lines)
        if line.startswith("ValueError") and lines[-1].startswith("x"):
            continue  # an error's own name begins its line
        assert cause is not None
        assert cause.category is category
        assert len(cause.line) <= 300


def test_without_a_sign_there_is_no_cause() -> None:
    """Whatever was printed."""
    assert diagnose([]) is None
    assert diagnose(["all is well", "", "\0"]) is None


@pytest.mark.parametrize(
    "piece",
    ["KeyError: ", "403 ", "FileNotFoundError", "No such file or directory", "loss: ", "Error", "exceeded quot"],
)
def test_a_line_that_was_made_to_be_slow_is_searched_at_its_ends(piece: str) -> None:
    """Two hundred lines of 64 KiB take a moment: the square of whole lines would take an hour."""
    lines = [piece * (65_536 // len(piece))] * 200
    assert diagnose(lines) is None or diagnose(lines).category in Category  # type: ignore[union-attr]
