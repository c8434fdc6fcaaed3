"""Small readings: lines of shells, Makefiles, Python sources, versions, requirement files."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from pipeline_kit.adopt.infer.classify import Purpose, purpose
from pipeline_kit.adopt.read.datasets import find_data, find_pointers
from pipeline_kit.adopt.read.makefile import lines_of, read_makefile
from pipeline_kit.adopt.read.metadata import kit_python
from pipeline_kit.adopt.read.python_source import Role, read_script
from pipeline_kit.adopt.read.requirements import read_requirements
from pipeline_kit.adopt.read.shell_line import read_lines
from pipeline_kit.adopt.read.tree import list_tree
from pipeline_kit.servers.jenkins.groovy.tree import body, parse, strings_of, value_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("pytest -m 'not slow'", [("pytest", "-m", "not slow")]),
        ("a && b c", [("a",), ("b", "c")]),
        ("a && b | c", [None]),
        ("echo \"$X\"", [None]),
        ("echo '$X'", [("echo", "$X")]),
        ("ls *.py", [None]),
        ("x ${NAME}/y", [("x", "credit/y")]),
        ("x # a comment", [("x",)]),
        ("# only a comment", []),
        ("a \\\n  b", [("a", "b")]),
        ("a\nb", [("a",), ("b",)]),
        ("for i in 1 2; do\n echo $i\ndone", [None]),
        ("cat <<EOF > x\nhello\nEOF", [None]),
        ("~/bin/x", [None]),
        ("'unclosed", [None]),
    ],
)  # fmt: skip
def test_a_line_is_plain_only_where_no_shell_is_needed(text: str, words: list[tuple[str, ...] | None]) -> None:
    """Expansions, pipes, globs and blocks are a shell's; known plain variables are put in."""
    assert [line.words for line in read_lines([(text, 1)], {"NAME": "credit"})] == words


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("python -m venv .venv", Purpose.INSTALL),
        (". .venv/bin/activate", Purpose.INSTALL),
        ("pip install -r requirements.txt", Purpose.INSTALL),
        ("pip install -e .[dev]", Purpose.INSTALL),
        ("curl -sSL https://install.example/poetry | python3 -", Purpose.INSTALL),
        ("conda activate x", Purpose.INSTALL),
        ("poetry build", Purpose.BUILD),
        ("ruff check --fix .", Purpose.OTHER),
        ("ruff format --check .", Purpose.LINT),
        ("black .", Purpose.OTHER),
        ("mypy src", Purpose.LINT),
        ("docker build -t x .", Purpose.IMAGE),
        ("helm upgrade x", Purpose.DEPLOY),
        ("python --version", Purpose.NOISE),
        ("coverage report", Purpose.NOISE),
        ("pytest --version", Purpose.NOISE),
        ("sudo apt-get install -y git", Purpose.SYSTEM),
        ("python -m unittest", Purpose.OTHER),
    ],
)  # fmt: skip
def test_what_a_command_is_for(text: str, expected: Purpose) -> None:
    """Environments are the lock file's, images and deployments are told, the rest is work."""
    assert [purpose(line) for line in read_lines([(text, 1)], {})] == [expected]


def test_a_makefile_is_read_without_make() -> None:
    """Variables, needs, silenced lines; functions and patterns stay what they are."""
    targets = read_makefile(
        dedent("""\
        PY ?= python3
        ALL: x
        train test: data  # two at once
        \t@$(PY) run.py $@ \\
        \t  --n $$N
        data:
        \t-./get.sh
        %.o: %.c
        \tcc
        .PHONY: train
        """)
    )
    assert lines_of("train", targets) == [("./get.sh", 7), ("python3 run.py $@ --n $N", 4)]
    assert targets["test"].needs == ("data",)
    assert ".PHONY" not in targets


@pytest.mark.parametrize(
    ("source", "model", "option"),
    [
        ("joblib.dump(m, 'a/m.pkl')", "a/m.pkl", None),
        ("with open('m.bin', 'wb') as f:\n    pickle.dump(m, f)", "m.bin", None),
        ("P = Path('out') / 'm.pt'\ntorch.save(m, P)", "out/m.pt", None),
        ("torch.save(m, os.path.join('out', 'm.pt'))", "out/m.pt", None),
        ("p.add_argument('--to', default='x.pkl')\njoblib.dump(m, args.to)", "x.pkl", "--to"),
        ("p.add_argument('--to')\njoblib.dump(m, args.to)", None, "--to"),
        ("model.save_pretrained('final')", "final", None),
        ("figure.save('plot.png')", None, None),
        ("joblib.dump(m, f'{x}/m.pkl')", None, None),
        ("joblib.dump(m, '/abs/m.pkl')", None, None),
        ("joblib.dump(m, '../up.pkl')", None, None),
    ],
)  # fmt: skip
def test_where_a_script_writes_its_model(source: str, model: str | None, option: str | None) -> None:
    """Literal paths inside the project, by way of names, joins, open files and options."""
    script = read_script("x.py", source)
    assert script is not None
    found = script.models[0] if script.models else None
    assert (found.path if found else None, found.option if found else None) == (model, option)


@pytest.mark.parametrize(
    ("file", "source", "role", "runs"),
    [
        ("train_model.py", "if __name__ == '__main__':\n    main()", Role.TRAIN, True),
        ("trainer.py", "def train(): pass", Role.TRAIN, False),
        ("main.py", "joblib.dump(1, 'm.pkl')", Role.TRAIN, True),
        ("eval.py", "main()", Role.EVALUATE, True),
        ("serve.py", "import x", Role.PREDICT, False),
        ("make_dataset.py", "import x", Role.PREPARE, False),
        ("util.py", "x = 1", Role.OTHER, False),
    ],
)  # fmt: skip
def test_what_a_script_is_for(file: str, source: str, role: Role, runs: bool) -> None:
    """By its name, and by the model that it writes."""
    script = read_script(file, source)
    assert script is not None
    assert (script.role, script.is_runnable) == (role, runs)


@pytest.mark.parametrize("source", ["print 'two'", "(" * 500, "\0", "def f(:", '"\\d"\n' * 2 + "x ="])
def test_what_is_no_python_3_is_none(source: str) -> None:
    """And raises no warning on the way."""
    assert read_script("x.py", source) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (">=3.9", ">=3.9"), ("^3.10", ">=3.10"), (">=3.9,<3.12", "3.11"), ("3.11.4", "3.11"), ("==3.10.*", "3.10"),
        ("~=3.11", ">=3.11"), ("~3.10", "3.10"), ("~=3.10.2", "3.10"), (">3.8, <=3.11", "3.11"), ("*", None),
        (">=2.7", None), ("garbage", None),
    ],
)  # fmt: skip
def test_a_range_of_pythons_is_one_that_the_descriptor_takes(text: str, form: str | None) -> None:
    """One version, or the lowest and up."""
    assert kit_python(text) == form


def test_a_requirements_file_is_a_lock_only_if_it_pins_everything() -> None:
    """Ranges, other files and folders leave something open; addresses do not."""
    assert read_requirements("r.txt", "a==1\nb==2 ; python_version > '3'\nc @ https://x.example/c.whl\n").is_lock
    assert read_requirements("r.txt", f"a==1 \\\n    --hash=sha256:{'a' * 64}\n").hashed
    for text in ("a>=1\n", "a==1.*\n", "a==1\n-r other.txt\n", "a==1\n-e .\n", "", "a==1\n./folder\n"):
        assert not read_requirements("r.txt", text).is_lock, text


def test_data_and_what_stands_for_it(tmp_path: Path) -> None:
    """Tables by their split, targets by their header, pointers of DVC and git LFS by what they say."""
    files = {
        "data/train.csv": "id,label\n1,2\n", "data/test.tsv": "a\ty\n", "data/raw.csv.dvc": "outs:\n- path: raw.csv\n",
        "data/big.parquet": "version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "tests/data/x.csv": "a\n",
        "results/metrics.csv": "a\n", "models/m.pt.dvc": "outs:\n- path: m.pt\n", "submission.csv": "id,label\n",
    }  # fmt: skip
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    tree = list_tree(tmp_path, list(files))
    pointers = find_pointers(tree)
    assert {(each.of, each.kind, each.is_model) for each in pointers} == {
        ("data/raw.csv", "DVC", False),
        ("data/big.parquet", "git LFS", False),
        ("models/m.pt", "DVC", True),
    }
    found = {
        each.name: (each.file, each.target[0] if each.target else None, each.kept)
        for each in find_data(tree, [], pointers)
    }
    assert found == {
        "test": ("data/test.tsv", "y", None),
        "train": ("data/train.csv", "label", None),
        "big": ("data/big.parquet", None, "git LFS"),
        "raw": ("data/raw.csv", None, "DVC"),
    }


def test_groovy_strings_and_comments_hide_brackets() -> None:
    """What stands in a string or a comment opens no block."""
    (stage,) = parse("// {\n/* { */ stage('a }') {\n  sh '''one {\n two'''\n  sh \"x\\\"y\"; echo(\n'}'\n)\n}\n")
    assert value_of(strings_of(stage)[0]) == "a }"
    assert [(step.name, value_of(strings_of(step)[0])) for step in body(stage) or ()] == [
        ("sh", "one {\n two"),
        ("sh", 'x"y'),
        ("echo", "}"),
    ]
