"""Tables of predictions: joined by id with the truth, or refused with the file and the first row that is wrong."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline_kit.errors import DataError, KitError
from pipeline_kit.gates.evaluate import score
from pipeline_kit.gates.labels import write_without
from pipeline_kit.gates.predictions import Predicted, Truth, read_predictions, read_truth
from pipeline_kit.gates.task import Task

DATA = "id,size,x,label\na,big,1,1\nb,big,2,0\nc,small,3,1\nd,small,4,0\n"
GOOD = "id,prediction,probability\nd,0,0.1\na,1,0.9\nc,0,0.4\nb,0,0.2\n"


def truth_of(folder: Path, text: str = DATA, **more: str) -> Truth:
    path = folder / "test.csv"
    path.write_bytes(text.encode())
    wanted = {"target": "label", "id_column": "id", **more}
    return read_truth(path, "data/test.csv", target=wanted["target"], id_column=wanted["id_column"], slices=["size"])


def read(folder: Path, text: str | bytes, task: Task = Task.BINARY, data: str = DATA) -> Predicted:
    path = folder / "predictions.csv"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return read_predictions(path, "predictions/test.csv", truth_of(folder, data), task, "1")


def test_rows_are_joined_by_id(tmp_path: Path) -> None:
    """Predictions in any order come back in the dataset's, and are scored overall and by slice."""
    predicted = read(tmp_path, GOOD)
    assert predicted.labels == ["1", "0", "0", "0"]
    assert predicted.probabilities == {"1": [0.9, 0.2, 0.4, 0.1]}
    found = score(truth_of(tmp_path), predicted, task=Task.BINARY)
    assert found.overall.metrics["accuracy"] == 0.75
    assert found.overall.confusion is not None
    assert found.overall.confusion.matrix == ((2, 0), (1, 1))
    assert found.slices["size"]["big"].metrics["f1"] == 1.0
    assert found.slices["size"]["small"].undefined == {"precision": "no row was predicted as '1'"}


def test_shuffled_predictions_score_the_same(tmp_path: Path) -> None:
    """The order of the rows is no part of the result."""
    header, *rows = GOOD.splitlines(keepends=True)
    first = score(truth_of(tmp_path), read(tmp_path, GOOD), task=Task.BINARY)
    again = score(truth_of(tmp_path), read(tmp_path, header + "".join(sorted(rows))), task=Task.BINARY)
    assert first == again


@pytest.mark.parametrize("text", ["\ufeff" + GOOD, GOOD.replace("\n", "\r\n"), GOOD.replace("a,1", '"a","1"')])
def test_ways_to_write_the_same(tmp_path: Path, text: str) -> None:
    """A byte order mark, Windows line ends and quotes change nothing."""
    assert read(tmp_path, text) == read(tmp_path, GOOD)


def test_a_cell_as_long_as_a_quote_that_was_never_closed(tmp_path: Path) -> None:
    """A huge cell is refused at its line and does not fill the memory."""
    with pytest.raises(DataError, match=r"predictions/test\.csv:\d+ is not CSV"):
        read(tmp_path, GOOD.replace("c,0", 'c,"0') + "x,0,0.1\n" * 100_000)


UNSOUND = {
    "nothing": ("", "predictions/test.csv is empty"),
    "no rows": ("id,prediction\n", "predictions/test.csv has no rows"),
    "no id": (GOOD.replace("id,", "key,"), "predictions/test.csv has no column 'id'"),
    "no prediction": (GOOD.replace(",prediction", ",predicted"), "predictions/test.csv has no column 'prediction'"),
    "a misspelt column": (GOOD.replace("probability", "probabilty"), "has an unknown column 'probabilty'"),
    "a column twice": (GOOD.replace("probability", "prediction"), "has the column 'prediction' twice"),
    "a column without name": (GOOD.replace("probability", ""), "has a column without a name"),
    "two forms": ("id,prediction,probability,probability_1\na,1,1,1\n", "both 'probability' and 'probability_1'"),
    "a missing row": (GOOD.replace("b,0,0.2\n", ""), "predicts 1 of 4 rows not at all, first id 'b' (data/test.csv:3)"),
    "a doubled row": (GOOD + "a,1,0.9\n", "predictions/test.csv:6 has id 'a' again, first at predictions/test.csv:3"),
    "a doubled row with another answer": (GOOD + "a,0,0.1\n", "predictions/test.csv:6 has id 'a' again"),
    "an unknown id": (GOOD.replace("\nb,", "\nB,"), "predictions/test.csv:5 predicts id 'B', which data/test.csv does"),
    "an id with a space": (GOOD.replace("\nb,", "\nb ,"), "predictions/test.csv:5 predicts id 'b '"),
    "a cut-off row": (GOOD.replace("c,0,0.4", "c,0"), "predictions/test.csv:4 has 2 cells where the header has 3"),
    "a row too long": (GOOD.replace("c,0,0.4", "c,0,0,4"), "predictions/test.csv:4 has 4 cells"),
    "a cut-off file": (GOOD[:-2], "predictions/test.csv ends inside its last line"),
    "an open quote": (GOOD.replace("b,0", 'b,"0'), "is not CSV: unexpected end of data"),
    "nan": (GOOD.replace("0.4", "nan"), "predictions/test.csv:4: probability is 'nan', not a finite number"),
    "infinite": (GOOD.replace("0.4", "-inf"), "predictions/test.csv:4: probability is '-inf', not a finite number"),
    "no number": (GOOD.replace("0.4", "high"), "predictions/test.csv:4: probability is 'high', not a number"),
    "an underscore": (GOOD.replace("0.4", "1_0"), "predictions/test.csv:4: probability is '1_0', not a number"),
    "no probability": (GOOD.replace("0.4", ""), "predictions/test.csv:4: probability is '', not a number"),
    "over one": (GOOD.replace("0.4", "1.0001"), "predictions/test.csv:4: probability is 1.0001, not between 0 and 1"),
    "below zero": (GOOD.replace("0.4", "-1e-9"), "predictions/test.csv:4: probability is -1e-09, not between 0 and 1"),
    "no answer": (GOOD.replace("c,0", "c,"), "predictions/test.csv:4 has no prediction"),
    "an unknown class": (
        GOOD.replace("c,0", "c,2"),
        "predictions/test.csv:4 predicts '2', which is not a class of data",
    ),
    "a class as a float": (GOOD.replace("c,0", "c,0.0"), "predictions/test.csv:4 predicts '0.0', which is not a class"),
    "not text": (b"id,prediction\n\xff\xfe\n", "predictions/test.csv is not UTF-8 text"),
    "UTF-16": (GOOD.encode("utf-16"), "predictions/test.csv is not UTF-8 text"),
}


@pytest.mark.parametrize("fault", UNSOUND)
def test_unsound_predictions(tmp_path: Path, fault: str) -> None:
    """The message names the file, and the first row that is wrong."""
    text, message = UNSOUND[fault]
    with pytest.raises(DataError) as error:
        read(tmp_path, text)
    assert message in error.value.message
    assert str(tmp_path) not in error.value.message


MANY = "id,size,label\na,s,red\nb,s,green\nc,s,blue\n"
MANY_GOOD = (
    "id,prediction,probability_red,probability_green,probability_blue\n"
    "a,red,0.5,0.3,0.2\nb,green,0.2,0.7,0.1\nc,red,0.6,0.1,0.3\n"
)


def test_many_classes(tmp_path: Path) -> None:
    """Every class has a probability of its own."""
    predicted = read(tmp_path, MANY_GOOD, Task.MULTICLASS, MANY)
    found = score(truth_of(tmp_path, MANY), predicted, task=Task.MULTICLASS)
    assert found.overall.metrics["accuracy"] == pytest.approx(2 / 3)
    assert found.overall.undefined == {"precision": "no row was predicted as 'blue'"}
    assert found.overall.metrics["ece"] == pytest.approx(abs((0.5 + 0.7 + 0.6) / 3 - 2 / 3), abs=0.5)
    roc = found.curves["roc"]
    assert isinstance(roc, dict)
    assert set(roc) == {"red", "green", "blue"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (MANY_GOOD.replace("0.7", "0.6"), "predictions/test.csv:3: the probabilities add up to 0.9, not 1"),
        (MANY_GOOD.replace("probability_blue", "probability_gold"), "has no column probability_blue, a class of data"),
        (MANY_GOOD.replace("c,red", "c,gold"), "predictions/test.csv:4 predicts 'gold', which is not a class"),
        ("id,prediction,probability\na,red,1\n", "has one 'probability' for many classes"),
    ],
)
def test_unsound_probabilities(tmp_path: Path, text: str, message: str) -> None:
    """Probabilities of many classes add up, and every class of the data has one."""
    with pytest.raises(DataError) as error:
        read(tmp_path, text, Task.MULTICLASS, MANY)
    assert message in error.value.message


def test_a_class_that_the_dataset_lacks_may_be_predicted_if_it_is_named(tmp_path: Path) -> None:
    """A small test set may lack a class that the model knows."""
    text = MANY_GOOD.replace("probability_blue", "probability_blue,probability_gold").replace("\n", ",0\n", 4)
    text = text.replace(",probability_gold,0", ",probability_gold").replace("c,red", "c,gold")
    assert read(tmp_path, text, Task.MULTICLASS, MANY).labels == ["red", "green", "gold"]


def test_two_probabilities_of_two_classes(tmp_path: Path) -> None:
    """Two classes may be written as many are; the positive one counts."""
    text = "id,prediction,probability_0,probability_1\na,1,.1,.9\nb,0,.8,.2\nc,0,.6,.4\nd,0,.9,.1\n"
    ours = score(truth_of(tmp_path), read(tmp_path, text), task=Task.BINARY)
    assert ours == score(truth_of(tmp_path), read(tmp_path, GOOD), task=Task.BINARY)
    three = text.replace("probability_1", "probability_1,probability_2").replace("\n", ",0\n").replace("_2,0", "_2")
    with pytest.raises(DataError, match="probabilities of 3 classes, not of two"):
        read(tmp_path, three)


def test_a_truth_of_one_class(tmp_path: Path) -> None:
    """A dataset of one class does not name the other, and has no ROC AUC."""
    data = DATA.replace(",0\n", ",1\n")
    found = score(truth_of(tmp_path, data), read(tmp_path, GOOD, data=data), task=Task.BINARY)
    assert found.overall.metrics["recall"] == 0.25
    assert found.overall.undefined == {"roc_auc": "the rows are all of one side: all positive"}
    with pytest.raises(DataError, match="predicts '0', which is not a class of"):
        read(tmp_path, GOOD.replace("c,0", "c,banana"), data=data)


def test_without_probabilities(tmp_path: Path) -> None:
    """Labels alone have metrics; those of probabilities are undefined and say why."""
    found = score(truth_of(tmp_path), read(tmp_path, "id,prediction\na,1\nb,0\nc,1\nd,0\n"), task=Task.BINARY)
    assert found.overall.metrics == {"accuracy": 1.0, "precision": 1.0, "recall": 1.0, "f1": 1.0}
    assert set(found.overall.undefined.values()) == {"the predictions have no probabilities"}
    assert found.curves == {}


def test_more_than_two_classes_are_not_binary(tmp_path: Path) -> None:
    """The message says which classes there are, and which was to be positive."""
    with pytest.raises(DataError) as error:
        read(tmp_path, "id,prediction\na,red\nb,red\nc,red\n", data=MANY)
    assert "has the classes blue, green, red, and not two of which '1'" in error.value.message


NUMBERS = "id,size,label\na,s,1.5\nb,s,2\nc,t,3e0\n"


def test_numbers(tmp_path: Path) -> None:
    """Regression reads targets and predictions as numbers, and a slice of one row has no R2."""
    predicted = read(tmp_path, "id,prediction\na,1.5\nb,2.5\nc,3\n", Task.REGRESSION, NUMBERS)
    found = score(truth_of(tmp_path, NUMBERS), predicted, task=Task.REGRESSION)
    assert found.overall.metrics["mae"] == pytest.approx(1 / 6)
    assert found.overall.confusion is None
    assert found.slices["size"]["t"].undefined == {"r2": "the target is the same in all rows"}
    for bad, message in (("nan", "not a finite number"), ("low", "not a number"), ("1e999", "not a finite number")):
        with pytest.raises(DataError, match=message):
            read(tmp_path, f"id,prediction\na,1.5\nb,{bad}\nc,3\n", Task.REGRESSION, NUMBERS)
    with pytest.raises(DataError, match="unknown column 'probability'"):
        read(tmp_path, "id,prediction,probability\na,1.5,1\n", Task.REGRESSION, NUMBERS)
    with pytest.raises(DataError, match=r"data/test\.csv:2: the target is 'x', not a number"):
        score(truth_of(tmp_path, NUMBERS.replace("1.5", "x")), predicted, task=Task.REGRESSION)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (DATA.replace("b,big,2,0", "b,big,2,"), "data/test.csv:3 has no target"),
        (DATA.replace("b,big", ",big"), "data/test.csv:3 has no id"),
        (DATA.replace("b,big", "a,big"), "data/test.csv:3 has id 'a' again, first at data/test.csv:2"),
        (DATA.replace(",label", ",labels"), "data/test.csv has no column 'label'"),
        (DATA.replace("size", "length"), "data/test.csv has no column 'size'"),
        (DATA.replace("d,small,4,0", "d,small"), "data/test.csv:5 has 2 cells"),
    ],
)
def test_unsound_truth(tmp_path: Path, text: str, message: str) -> None:
    """A dataset that cannot be judged by is refused at its first wrong row."""
    with pytest.raises(DataError) as error:
        truth_of(tmp_path, text)
    assert message in error.value.message


def test_rows_without_an_id_are_named_by_their_number(tmp_path: Path) -> None:
    """Without an id column the first row is 0."""
    path = tmp_path / "test.csv"
    path.write_text(DATA)
    assert read_truth(path, "test.csv", target="label", id_column=None).ids == ["0", "1", "2", "3"]


def test_a_column_of_too_many_values_is_no_slice(tmp_path: Path) -> None:
    """An id is refused as a slice."""
    data = "id,size,label\n" + "".join(f"{row},s{row},{row % 2}\n" for row in range(201))
    predictions = "id,prediction\n" + "".join(f"{row},1\n" for row in range(201))
    with pytest.raises(DataError, match="201 values, too many to slice by"):
        score(truth_of(tmp_path, data), read(tmp_path, predictions, data=data), task=Task.BINARY)


def table(folder: Path, name: str) -> Path:
    """The good predictions as NPZ or Parquet, with numbers where they are numbers."""
    path = folder / name
    columns = {"id": ["d", "a", "c", "b"], "prediction": [0.0, 1.0, 0.0, 0.0], "probability": [0.1, 0.9, 0.4, 0.2]}
    if path.suffix == ".npz":
        np.savez(path, **{key: np.array(values) for key, values in columns.items()})
    else:
        pyarrow = pytest.importorskip("pyarrow", reason="the extra pipeline-kit[parquet] is not installed")
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pyarrow.table(columns), path)
    return path


@pytest.mark.parametrize("name", ["predictions.npz", "predictions.parquet"])
def test_other_forms(tmp_path: Path, name: str) -> None:
    """NPZ and Parquet say the same as CSV; a class 1.0 of numbers is the class 1."""
    path = table(tmp_path, name)
    assert read_predictions(path, name, truth_of(tmp_path), Task.BINARY, "1") == read(tmp_path, GOOD)


@pytest.mark.parametrize("name", ["predictions.npz", "predictions.parquet"])
@given(share=st.floats(0, 0.999), flip=st.booleans(), value=st.integers(0, 255))
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_damaged_forms(tmp_path: Path, name: str, share: float, flip: bool, value: int) -> None:
    """A file that was cut off anywhere, or has any byte changed, is refused or still the same; nothing else escapes."""
    sound = table(tmp_path, name).read_bytes()
    place = int(share * len(sound))
    damaged = sound[:place] + bytes([value]) + sound[place + 1 :] if flip else sound[:place]
    path = tmp_path / f"damaged{Path(name).suffix}"
    path.write_bytes(damaged)
    truth = truth_of(tmp_path)
    try:
        found = read_predictions(path, name, truth, Task.BINARY, "1")
    except DataError:
        return
    assert flip
    assert len(found.labels) == 4


def test_npz_that_is_no_table(tmp_path: Path) -> None:
    """Pickles, pictures and columns of different lengths are refused, and pickles never run."""
    path, truth = tmp_path / "predictions.npz", truth_of(tmp_path)

    def refused(message: str) -> None:
        with pytest.raises(DataError, match=message):
            read_predictions(path, "predictions.npz", truth, Task.BINARY, "1")

    np.savez(path, id=np.array(["a", {}], dtype=object), prediction=np.array([1, 0]))
    refused("Object arrays cannot be loaded")
    np.savez(path, id=np.array(["a", "b"]), prediction=np.array([1, 0, 1]))
    refused("columns of different lengths: id 2, prediction 3")
    np.savez(path, id=np.array([["a", "b"]]), prediction=np.array([1, 0]))
    refused("'id' with 2 dimensions, not one")
    np.savez(path, id=np.array(["a", "b"]), prediction=np.array([1j, 0]))
    refused("'prediction' of type complex128")
    np.savez(path, id=np.array(["a", "b"]), prediction=np.array(["\ud800", "1"]))
    refused("surrogates not allowed")
    np.savez(path, id=np.array(["a", "b", "c", "d"]), prediction=np.array([1, 0, np.nan, 0]))
    refused(r"predictions\.npz, row 2 predicts 'nan', which is not a class")
    with path.open("wb") as file:
        np.save(file, np.array([1, 2]))
    refused("it is not an NPZ archive of columns")
    path.write_bytes(b"\x80\x04N.")
    refused("cannot be read")


def test_parquet_without_pyarrow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where pyarrow is missing the error says what to install."""
    path = tmp_path / "predictions.parquet"
    path.write_bytes(b"PAR1")
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(KitError) as error:
        read_predictions(path, "predictions.parquet", truth_of(tmp_path), Task.BINARY, "1")
    assert error.value.hint == "install the kit with its extra `parquet`, or write CSV"


def test_other_files(tmp_path: Path) -> None:
    """A file of another kind, or none, is refused."""
    for name, message in (("p.xlsx", "p.xlsx is not CSV, NPZ or Parquet"), ("p.csv", "p.csv is not there")):
        with pytest.raises(DataError, match=message):
            read_predictions(tmp_path / name, name, truth_of(tmp_path), Task.BINARY, "1")


def test_labels_are_taken_out_of_csv(tmp_path: Path) -> None:
    """All but the target stays, cell by cell; a hard link to the file keeps its labels."""
    path, original = tmp_path / "test.csv", tmp_path / "original.csv"
    original.write_text('\ufeffid,"la,bel",x\n1,"yes","a ""b"" c"\n2,no,"two\nlines"\n', encoding="utf-8")
    path.hardlink_to(original)
    write_without(path, path, "la,bel", "data/test.csv")
    assert path.read_text() == 'id,x\n1,"a ""b"" c"\n2,"two\nlines"\n'
    assert "yes" in original.read_text()
    assert sorted(each.name for each in tmp_path.iterdir()) == ["original.csv", "test.csv"]


def test_labels_are_taken_out_of_npz_and_parquet(tmp_path: Path) -> None:
    """The other forms keep their other columns too, even one named like numpy's own argument."""
    np.savez(tmp_path / "in.npz", id=np.arange(3), label=np.ones(3), x=np.ones((3, 2, 2)))
    write_without(tmp_path / "in.npz", tmp_path / "out" / "test.npz", "label", "data/test.npz")
    with np.load(tmp_path / "out" / "test.npz") as found:
        assert set(found.files) == {"id", "x"}
        assert found["x"].shape == (3, 2, 2)
    pyarrow = pytest.importorskip("pyarrow", reason="the extra pipeline-kit[parquet] is not installed")
    parquet = pytest.importorskip("pyarrow.parquet")
    parquet.write_table(pyarrow.table({"id": [1], "label": [1], "file": ["x"]}), tmp_path / "in.parquet")
    write_without(tmp_path / "in.parquet", tmp_path / "out.parquet", "label", "data/test.parquet")
    assert parquet.read_table(tmp_path / "out.parquet").column_names == ["id", "file"]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("test.csv", b"id,x\n1,2\n", "data has no column 'label'"),
        ("test.csv", b"label\n1\n", "data has no column beside 'label'"),
        ("test.csv", b"", "data has no column 'label'"),
        ("test.csv", b"id,label\n1\n", "data:2 has 1 cells"),
        ("test.npz", b"PK", "data cannot be read"),
        ("test.xml", b"<a/>", "data is not CSV, NPZ or Parquet"),
    ],
)
def test_labels_that_cannot_be_taken_out(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    """What cannot be read is refused, and no half a file is left."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(DataError, match=message):
        write_without(path, path, "label", "data")
    assert [each.name for each in tmp_path.iterdir()] == [name]
    assert path.read_bytes() == content


def test_npz_of_bytes_texts_and_truths(tmp_path: Path) -> None:
    """Cells of other types are read as their text."""
    buffer = io.BytesIO()
    np.savez(buffer, id=np.array([b"a", b"b", b"c", b"d"]), prediction=np.array([True, False, True, False]))
    path = tmp_path / "predictions.npz"
    path.write_bytes(buffer.getvalue())
    truth = truth_of(tmp_path, DATA.replace(",1\n", ",True\n").replace(",0\n", ",False\n"))
    assert read_predictions(path, "p", truth, Task.BINARY, "True").labels == ["True", "False", "True", "False"]
