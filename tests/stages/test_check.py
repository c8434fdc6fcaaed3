"""The data check: what it finds in a dataset, and between two."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pipeline_kit.catalog import Specs
from pipeline_kit.contract.result import Outcome, StageResult
from pipeline_kit.descriptor.model import Column, ColumnType, Dataset
from pipeline_kit.errors import Category
from pipeline_kit.testing.context import stage_context

AGE = Column("age", ColumnType.NUMBER, minimum=0, maximum=120)
GOOD = "id,age,label\na,30,yes\nb,41,no\nc,52,yes\n"


def check(folder: Path, files: Mapping[str, str | bytes], specs: list[Dataset], **settings: Any) -> StageResult:
    """Runs the stage over files written into a workspace."""
    for name, content in files.items():
        path = folder / "workspace" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    stages = Specs()
    defaults = {each.name: each.default for each in stages["check"].parameters}
    datasets = {spec.name: spec for spec in specs}
    context = stage_context(folder, job="check", settings={**defaults, **settings}, datasets=datasets)
    return stages.load_run("check")(context)


def dataset(name: str = "train", path: str | None = None, **fields: Any) -> Dataset:
    return Dataset(name, PurePosixPath(path or f"{name}.csv"), **fields)


def failures(result: StageResult) -> list[str]:
    return [f"{case.group}: {case.name}: {case.failure}" for case in result.cases if case.failure is not None]


def report(folder: Path) -> Any:
    return json.loads((folder / "out" / "checks.json").read_text())


def test_a_project_without_data_passes_and_says_so(tmp_path: Path) -> None:
    """Nothing declared is nothing to check."""
    result = check(tmp_path, {}, [])
    assert (result.outcome, result.reason) == (Outcome.PASSED, "no dataset is declared")


def test_good_data_passes_with_statistics(tmp_path: Path) -> None:
    """The report holds what later pages draw: rows, digest and each column's statistics."""
    spec = dataset(id="id", target="label", columns=(AGE,), minimum_rows=3)
    result = check(tmp_path, {"train.csv": GOOD}, [spec])
    assert result.outcome is Outcome.PASSED, failures(result)
    entry = report(tmp_path)["datasets"]["train"]
    assert entry["rows"] == 3
    assert entry["digest"].startswith("sha256:")
    age = entry["columns"]["age"]
    assert (age["min"], age["max"], age["mean"], age["missing"], age["distinct"]) == (30.0, 52.0, 41.0, 0, 3)
    assert age["deviation"] == pytest.approx(8.981462)
    assert entry["columns"]["label"]["counts"] == {"no": 1, "yes": 2}
    assert result.measurements["rows.train"] == 3


FAULTS = {
    "an empty file": (b"", {}, "file is readable: the file is empty"),
    "only a header": ("id,age,label\n", {}, "enough rows: 0 rows, at least 1 are needed"),
    "too few rows": (GOOD, {"minimum_rows": 4}, "enough rows: 3 rows, at least 4"),
    "a truncated row": (
        "id,age,label\na,30,yes\nb,4",
        {},
        "rows are whole: 1 of 2 rows do not have 3 cells, first at line 3",
    ),
    "a quote left open": ('id,age,label\na,30,"yes\nb,41,no\n', {}, "line 2 is not valid CSV"),
    "not UTF-8": (b"id,age,label\na,30,y\xffs\n", {}, "line 2 is not UTF-8 (byte 7: 0xff)"),
    "a NUL byte": (b"id,age,label\na,30,y\0s\n", {}, "line 2 holds a NUL byte"),
    "a column missing": ("id,label\na,yes\n", {}, "columns are present: missing: 'age'"),
    "the target missing": ("id,age\na,30\n", {}, "columns are present: missing: 'label'"),
    "a name twice": ("id,age,age,label\na,1,2,yes\n", {}, "columns have names: named twice: 'age'"),
    "a name empty": ("id,,label,age\na,1,2,3\n", {}, "columns have names: without a name: '2'"),
    "not a number": ("id,age,label\na,old,yes\n", {}, "column age: type: line 2: 'old' is not a finite number"),
    "NaN": ("id,age,label\na,NaN,yes\n", {}, "line 2: 'NaN' is not a finite number"),
    "infinite": ("id,age,label\na,1e999,yes\n", {}, "line 2: '1e999' is not a finite number"),
    "Python's own digits": ("id,age,label\na,1_0,yes\n", {}, "line 2: '1_0' is not a finite number"),
    "out of range": (
        "id,age,label\na,30,yes\nb,121,no\nc,-1,no\n",
        {},
        "column age: range: line 3: '121' is outside 0 to 120; 2 such cells",
    ),
    "a cell missing": (
        "id,age,label\na,,yes\nb,3,no\n",
        {},
        "column age: missing values: 1 of 2 cells are empty (50.0%)",
    ),
    "no label": ("id,age,label\na,30,\n", {}, "column label: missing values: 1 of 1 cells are empty"),
    "an id twice": ("id,age,label\na,30,yes\na,31,no\n", {}, "column id: unique: line 3: 'a' is there twice"),
    "a row twice": (
        "id,age,label\na,30,yes\nb,30.0,yes\n",
        {},
        "no duplicate rows: 1 of 2 rows repeat an earlier one, at most 0.0% may, first line 3 repeats line 2",
    ),
    "other content than pinned": (
        GOOD,
        {"digest": "sha256:" + "0" * 64},
        "content is the pinned one: the content is sha256:",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_of_a_file_is_named_with_its_first_place(tmp_path: Path, fault: str) -> None:
    """Bad data fails with the dataset, the column, the first offending line and its value."""
    content, fields, expected = FAULTS[fault]
    assert isinstance(fields, dict)
    spec = dataset(**{"id": "id", "target": "label", "columns": (AGE,), **fields})
    result = check(tmp_path, {"train.csv": content}, [spec])
    assert (result.outcome, result.category) == (Outcome.FAILED, Category.DATA)
    assert any(str(expected) in each for each in failures(result)), failures(result)
    assert "data.train" in result.reason


def test_a_file_that_is_not_there_fails(tmp_path: Path) -> None:
    """A missing dataset is a result that names the path."""
    result = check(tmp_path, {}, [dataset(path="data/none.csv")])
    assert failures(result) == ["train: file exists: data/none.csv does not exist"]


TYPES = [
    (ColumnType.INTEGER, "3", "3.0"),
    (ColumnType.BOOLEAN, "True", "maybe"),
    (ColumnType.DATE, "2026-11-22", "22.11.2026"),
    (ColumnType.NUMBER, "-1.5e3", "1,5"),
]


@pytest.mark.parametrize(("kind", "good", "bad"), TYPES)
def test_each_type_takes_its_own_and_refuses_others(tmp_path: Path, kind: ColumnType, good: str, bad: str) -> None:
    """A declared type is what its cells must read as."""
    spec = dataset(columns=(Column("x", kind),))
    assert check(tmp_path / "a", {"train.csv": f'x\n"{good}"\n'}, [spec]).outcome is Outcome.PASSED
    assert check(tmp_path / "b", {"train.csv": f'x\n"{bad}"\n'}, [spec]).outcome is Outcome.FAILED


def test_allowed_values_and_uniqueness_hold_for_any_column(tmp_path: Path) -> None:
    """A category knows its values; a unique column has none twice."""
    columns = (Column("c", ColumnType.CATEGORY, values=("x", "y")), Column("u", ColumnType.TEXT, unique=True))
    result = check(tmp_path, {"train.csv": "c,u\nx,1\nz,1\n"}, [dataset(columns=columns)])
    assert failures(result) == [
        "train: column c: values: line 3: 'z' is not an allowed value",
        "train: column u: unique: line 3: '1' is there twice",
    ]


def test_a_long_value_is_shown_shortened(tmp_path: Path) -> None:
    """A message shows at most forty characters of a value."""
    result = check(tmp_path, {"train.csv": f"age\n{'x' * 500}\n"}, [dataset(columns=(AGE,))])
    assert failures(result) == [f"train: column age: type: line 2: '{'x' * 39}…' is not a finite number"]


def test_columns_beyond_the_declared_may_be_refused_and_ordered(tmp_path: Path) -> None:
    """Two settings make the declaration exact."""
    columns = (Column("a", ColumnType.TEXT), Column("b", ColumnType.TEXT))
    content = {"train.csv": "b,a,c\n1,2,3\n"}
    assert check(tmp_path, content, [dataset(columns=columns)]).outcome is Outcome.PASSED
    strict = check(tmp_path, content, [dataset(columns=columns)], extra_columns="refused", ordered=True)
    assert failures(strict) == [
        "train: no other columns: not declared: 'c'",
        "train: columns are in order: 'b' is not where it was declared",
    ]


def test_missing_values_of_undeclared_columns_have_a_limit_of_their_own(tmp_path: Path) -> None:
    """`missing` reaches the columns that the dataset says nothing about."""
    result = check(tmp_path, {"train.csv": "a,b\n1,\n2,3\n"}, [dataset()], missing=0.25)
    assert failures(result) == ["train: column b: missing values: 1 of 2 cells are empty (50.0%), at most 25.0% may be"]


def test_duplicates_within_the_share_pass(tmp_path: Path) -> None:
    """A quarter of the rows may repeat where the descriptor says so."""
    content = {"train.csv": "a\n1\n2\n3\n3\n"}
    assert check(tmp_path, content, [dataset()], duplicates=0.25).outcome is Outcome.PASSED
    assert check(tmp_path, content, [dataset()], duplicates=0.24).outcome is Outcome.FAILED


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ("yyyn", None),
        ("yyyyn", "class 'n' has 1 of 5 rows (20.0%), at least 25.0% are needed"),
        ("yyyy", "the target label has one class only"),
    ],
)
def test_the_rarest_class_needs_its_share(tmp_path: Path, labels: str, expected: str | None) -> None:
    """Balance is the share of the rarest class."""
    rows = "".join(f"{number},{label}\n" for number, label in enumerate(labels))
    result = check(tmp_path, {"train.csv": "a,label\n" + rows}, [dataset(target="label")], balance=0.25)
    found = [case.failure for case in result.cases if case.name == "classes are balanced"]
    assert found == [expected]


def two(train: str, test: str, folder: Path, **settings: Any) -> StageResult:
    specs = [dataset("train", id="id", target="label"), dataset("test", id="id", target="label")]
    return check(folder, {"train.csv": train, "test.csv": test}, specs, **settings)


def test_a_row_in_train_and_test_is_found_whatever_its_id(tmp_path: Path) -> None:
    """Leakage is a test row that, but for its id, stands in the training rows; 41 and 41.0 are one number."""
    result = two(GOOD, "id,age,label\nx,41.0,no\ny,99,no\n", tmp_path)
    assert failures(result) == [
        "test: no row of train: 1 rows are also in train, at most 0 may, first line 2 is its line 3"
    ]
    assert report(tmp_path)["comparisons"] == [
        {"compared": True, "dataset": "test", "reference": "train", "shared_ids": 0, "shared_rows": 1}
    ]
    assert two(GOOD, "id,age,label\nx,41.0,no\ny,99,no\n", tmp_path, leakage=1).outcome is Outcome.PASSED


def test_an_id_in_train_and_test_is_found(tmp_path: Path) -> None:
    """The same person with other cells is leakage too."""
    result = two(GOOD, "id,age,label\nc,7,no\n", tmp_path)
    assert failures(result) == [
        "test: no id of train: 1 ids are also in train, at most 0 may, first line 2 is its line 4"
    ]
    assert two(GOOD, "id,age,label\nc,7,no\n", tmp_path, shared_ids=1).outcome is Outcome.PASSED


def test_test_columns_must_be_the_training_columns(tmp_path: Path) -> None:
    """A dataset with the same target has the same columns in the same order, or the model reads the wrong ones."""
    wide = "id,age,size,label\na,1,2,y\n"
    assert "it has no column 'size'" in failures(two(wide, "id,age,label\nb,1,y\n", tmp_path))[0]
    assert "it has the column 'size'" in failures(two(GOOD, wide.replace("a,", "z,"), tmp_path))[0]
    assert "'size' is at another position" in failures(two(wide, "id,size,age,label\nb,1,2,y\n", tmp_path))[0]


def test_columns_in_another_order_do_not_hide_leakage(tmp_path: Path) -> None:
    """Rows are compared by column name, not by place."""
    result = two("id,a,b,label\nx,1,2,y\n", "id,b,a,label\nz,2,1,y\n", tmp_path, same_columns=False)
    assert len(failures(result)) == 1
    assert "1 rows are also in train" in result.reason


def test_an_unrelated_table_is_not_compared(tmp_path: Path) -> None:
    """A table with other columns and no target is no test set."""
    files = {"train.csv": GOOD, "shops.csv": "shop,city\n1,Bonn\n"}
    result = check(tmp_path, files, [dataset(target="label"), dataset("shops")])
    assert result.outcome is Outcome.PASSED
    assert [case.skipped for case in result.cases if case.skipped] == ["the columns differ, so no row can be compared"]
    assert "could not be made" in result.reason


def test_a_column_more_does_not_hide_leakage(tmp_path: Path) -> None:
    """What two tables of one target have in common is compared, where they may differ at all."""
    result = two(GOOD, "id,age,label,split\nx,41,no,b\n", tmp_path, same_columns=False)
    assert failures(result) == [
        "test: no row of train: 1 rows are also in train, at most 0 may, first line 2 is its line 3"
    ]


def test_without_the_reference_every_pair_is_compared(tmp_path: Path) -> None:
    """A training set by another name, or a reference that is misspelled, hides no leakage."""
    specs = [dataset(name, id="id", target="label") for name in ("fit", "tune", "holdout")]
    files = {"fit.csv": GOOD, "tune.csv": "id,age,label\nx,99,no\n", "holdout.csv": "id,age,label\ny,99,no\n"}
    result = check(tmp_path, files, specs)
    assert failures(result) == [
        "holdout: no row of tune: 1 rows are also in tune, at most 0 may, first line 2 is its line 2"
    ]
    assert check(tmp_path, files, specs, reference="tran").outcome is Outcome.FAILED
    assert check(tmp_path, files, specs, reference="fit").outcome is Outcome.PASSED


def test_a_test_set_that_is_the_training_set_is_found_in_any_format(tmp_path: Path) -> None:
    """Of a format whose rows the kit cannot read, the digest still tells that two datasets are one."""
    specs = [dataset("train", path="a"), dataset("test", path="b"), dataset("other", path="c.bin")]
    result = check(tmp_path, {"a": b"1", "b": b"1", "c.bin": b"2"}, specs)
    assert failures(result) == ["test: no row of train: its content is that of train, all of it"]


def test_a_folder_is_a_dataset(tmp_path: Path) -> None:
    """It is there, and what is not checked of it is told."""
    (tmp_path / "workspace" / "images").mkdir(parents=True)
    result = check(tmp_path, {}, [dataset("train", path="images")])
    assert (result.outcome, failures(result)) == (Outcome.PASSED, [])
    assert "reads no rows from folders" in report(tmp_path)["datasets"]["train"]["note"]


def test_a_pointer_of_git_lfs_is_not_the_data(tmp_path: Path) -> None:
    """The message says what to run, not that a column is missing."""
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12\n"
    result = check(tmp_path, {"train.csv": pointer}, [dataset(target="label")])
    said = "it is a pointer of git LFS and not the data: run git lfs pull"
    assert failures(result) == [f"train: file is readable: {said}"]


def test_a_file_with_another_separator_is_told_so(tmp_path: Path) -> None:
    """A spreadsheet's semicolons make one column of all, which is what the message says."""
    result = check(tmp_path, {"train.csv": GOOD.replace(",", ";")}, [dataset(target="label")])
    said = "missing: 'label'; its cells are separated by ';', where .csv means ',' and .tsv a tab"
    assert failures(result) == [f"train: columns are present: {said}"]


def test_faults_are_counted_over_a_long_file(tmp_path: Path) -> None:
    """The first place is the first of the file, the count is of all of it, however often a cell repeats."""
    cells = ["30"] * 5000 + ["130", "old", "130"] + ["40"] * 5000 + ["130", ""]
    spec = dataset(columns=(AGE,))
    result = check(tmp_path, {"train.csv": "age,n\n" + "".join(f"{c},{n}\n" for n, c in enumerate(cells))}, [spec])
    assert failures(result)[1:] == [
        "train: column age: type: line 5003: 'old' is not a finite number",
        "train: column age: range: line 5002: '130' is outside 0 to 120; 3 such cells",
    ]
    entry = report(tmp_path)["datasets"]["train"]["columns"]["age"]
    assert entry["counts"] == {"30": 5000, "40": 5000, "130": 3, "old": 1}
    assert entry["missing"] == 1


def test_a_damaged_reference_leaves_the_comparison_visibly_unmade(tmp_path: Path) -> None:
    """The job fails for the damaged file, and leakage is not reported as absent."""
    result = two(GOOD + '"', GOOD, tmp_path)
    assert result.outcome is Outcome.FAILED
    assert any(case.skipped and "cannot be read" in case.skipped for case in result.cases)


def test_tab_separated_values_are_read(tmp_path: Path) -> None:
    """A .tsv file's cells are split at tabs; a byte order mark does not count."""
    spec = dataset(path="train.tsv", columns=(AGE,))
    result = check(tmp_path, {"train.tsv": "\ufeffage\tname\n30\tAnn, Lee\n"}, [spec])
    assert result.outcome is Outcome.PASSED, failures(result)


def test_an_unknown_format_has_a_digest_and_a_note(tmp_path: Path) -> None:
    """What the kit cannot read stays visibly unchecked."""
    result = check(tmp_path, {"train.bin": b"\x00\x01"}, [dataset(path="train.bin")])
    assert result.outcome is Outcome.PASSED
    assert "could not be made" in result.reason
    assert "reads no rows from .bin" in report(tmp_path)["datasets"]["train"]["note"]


def test_numpy_archives_are_checked_by_array(tmp_path: Path) -> None:
    """Each array is a column; an image with NaN, and the same image twice, are found."""
    numpy = pytest.importorskip("numpy")
    images = numpy.zeros((4, 2, 2))
    images[1] += 1
    images[2] += 1
    images[3, 0, 0] = numpy.nan
    folder = tmp_path / "workspace"
    folder.mkdir()
    numpy.savez(folder / "train.npz", image=images, label=numpy.array([0, 1, 1, 7]))
    columns = (Column("label", ColumnType.INTEGER, maximum=1),)
    result = check(tmp_path, {}, [dataset(path="train.npz", columns=columns)])
    assert failures(result) == [
        "train: column label: range: row 3: '7' is outside -∞ to 1",
        "train: no duplicate rows: 1 of 4 rows repeat an earlier one, at most 0.0% may, first row 2 repeats row 1",
    ]


def test_damaged_binary_tables_fail(tmp_path: Path) -> None:
    """A truncated archive is bad data, not a traceback."""
    for name in ("train.npz", "train.parquet"):
        if name.endswith("parquet"):
            pytest.importorskip("pyarrow")
        result = check(tmp_path / name, {name: b"PAR1 broken"}, [dataset(path=name)])
        assert "file is readable: not a readable" in failures(result)[0]


def test_parquet_is_checked_by_column(tmp_path: Path) -> None:
    """Null is missing and NaN is not a number."""
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    (tmp_path / "workspace").mkdir()
    table = pyarrow.table({"age": [1.0, None, float("nan")], "name": ["a", "b", "c"]})
    parquet.write_table(table, tmp_path / "workspace" / "train.parquet")
    result = check(tmp_path, {}, [dataset(path="train.parquet", columns=(AGE,))])
    assert failures(result) == [
        "train: column age: missing values: 1 of 3 cells are empty (33.3%), at most 0.0% may be",
        "train: column age: type: row 2: 'nan' is not a finite number",
    ]


def test_the_report_is_the_same_bytes_for_the_same_data(tmp_path: Path) -> None:
    """Nothing of the place or the time stands in checks.json."""
    spec = dataset(id="id", target="label", columns=(AGE,))
    texts = []
    for name in ("one", "two"):
        check(tmp_path / name, {"train.csv": GOOD}, [spec])
        texts.append((tmp_path / name / "out" / "checks.json").read_bytes())
    assert texts[0] == texts[1]
