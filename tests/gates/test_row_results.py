"""The results of each row: read as they were written, and paired only where they are of the same rows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_kit.contract.digest import digest_file
from pipeline_kit.gates.predictions import Predicted, Truth
from pipeline_kit.gates.row_results import PairedRows, RowFile, RowFolders, RowResult, write_row_results
from pipeline_kit.gates.tables import Table

TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
SOUND = "id,truth,prediction,slice_country\na,1,1,DE\nb,0,1,DE\nc,0,0,FR\n"


def truth_of(ids: list[str], targets: list[str], slices: dict[str, list[str]]) -> Truth:
    return Truth(Table("data/test.csv", {}, (), len(ids)), ids, targets, slices)


@given(st.lists(st.tuples(TEXT, TEXT, TEXT, st.floats(0, 1)), min_size=1, max_size=10), TEXT, TEXT)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
def test_rows_are_read_as_they_were_written(
    tmp_path: Path, rows: list[tuple[str, str, str, float]], label: str, column: str
) -> None:
    """Whatever text ids, classes and slices are, and to the last bit; the same rows give the same file."""
    ids, targets, labels = ([row[at] for row in rows] for at in range(3))
    chances = [row[3] for row in rows]
    truth = truth_of(ids, targets, {column: targets})
    digest = write_row_results(tmp_path / "test.csv", truth, Predicted(labels, probabilities={label: chances}))
    read = list(RowFile(tmp_path / "test.csv", digest).rows())
    assert read == [RowResult(row[0], row[1], row[2], {label: row[3]}, {column: row[1]}) for row in rows]
    assert write_row_results(tmp_path / "b.csv", truth, Predicted(labels, probabilities={label: chances})) == digest


def test_numbers_are_written_in_full(tmp_path: Path) -> None:
    """A predicted number is read as the same float."""
    truth = truth_of(["0", "1"], ["1.5", "2"], {})
    write_row_results(tmp_path / "test.csv", truth, Predicted(numbers=[0.1 + 0.2, 1e-300]))
    assert (tmp_path / "test.csv").read_text() == "id,truth,prediction\n0,1.5,0.30000000000000004\n1,2,1e-300\n"


def pair_of(folder: Path, candidate: str, baseline: str) -> PairedRows:
    """Two files with their own digests."""
    digests = []
    for whose, text in (("candidate", candidate), ("baseline", baseline)):
        path = folder / whose / "test.csv"
        path.parent.mkdir()
        path.write_text(text)
        digests.append(digest_file(path))
    return RowFolders(folder / "candidate", folder / "baseline").pair("test", *digests)


def test_the_same_rows_are_paired(tmp_path: Path) -> None:
    """In the order of the dataset, all of them or those of a slice, each time that they are read."""
    pair = pair_of(tmp_path, SOUND, SOUND.replace("b,0,1", "b,0,0"))
    assert (pair.verified.problem, pair.verified.rows) == (None, 3)
    assert pair.verified.slices == {("country", "DE"): 2, ("country", "FR"): 1}
    differing = [row.id for row in pair if row.candidate.prediction != row.baseline.prediction]
    assert differing == ["b"]
    german = pair.where("country", "DE")
    assert [row.id for row in german] == [row.id for row in german] == ["a", "b"]


DIFFERENT: dict[str, tuple[Callable[[str], str], str]] = {
    "a row less": (lambda text: text.replace("c,0,0,FR\n", ""), "another number of row results"),
    "a row more": (lambda text: text + "d,0,0,FR\n", "another number of row results"),
    "another id": (lambda text: text.replace("b,", "x,"), "the row results are of other ids: 'b' and 'x'"),
    "another order": (
        lambda text: "id,truth,prediction,slice_country\nb,0,1,DE\na,1,1,DE\nc,0,0,FR\n",
        "the row results are of other ids: 'a' and 'b'",
    ),
    "another truth": (lambda text: text.replace("b,0,", "b,1,"), "have another truth for the id 'b'"),
    "another slice": (lambda text: text.replace("b,0,1,DE", "b,0,1,FR"), "have another truth for the id 'b'"),
    "a cell less": (lambda text: text.replace("b,0,1,DE", "b,0,1"), "has 3 cells where the header has 4"),
    "another table": (lambda text: text.replace("truth", "target"), "is not a file of row results"),
    "nothing": (lambda text: "", "is not a file of row results"),
    "a probability that is text": (
        lambda text: "id,truth,prediction,probability_1\na,1,1,high\nb,0,1,low\nc,0,0,low\n",
        "the row results cannot be read: ValueError",
    ),
}


@pytest.mark.parametrize("difference", DIFFERENT)
def test_other_rows_are_not_paired(tmp_path: Path, difference: str) -> None:
    """Even where each file is what its evidence says; the reason names the first row that differs."""
    change, reason = DIFFERENT[difference]
    assert reason in str(pair_of(tmp_path, SOUND, change(SOUND)).verified.problem)


def test_a_file_that_was_changed_is_not_paired(tmp_path: Path) -> None:
    """Its digest is compared before a row of it is believed."""
    pair = pair_of(tmp_path, SOUND, SOUND)
    pair.baseline.path.write_text(SOUND.replace("b,0,1", "b,0,0"))
    assert pair.verified.problem == "the baseline's row results are not those that it was evaluated with"
