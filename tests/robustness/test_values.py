"""Values are data: whatever they hold, a real process reads them back as they were written."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.problem import DescriptorError
from tests.projects import kit, write_project
from tests.robustness.hostile_values import FILE_NAMES, PATHS, REFUSED, STYLES, TEXTS, as_yaml

EXAMPLES = 12
A_TIME = 40
"""Values that one run carries: a run takes half a second, reading back takes nothing."""
EVERY_TIME = settings(
    deadline=None, derandomize=True, phases=(Phase.generate,), suppress_health_check=list(HealthCheck), database=None
)
"""The same examples; without a search for the smallest one that fails, which takes hundreds of runs."""
TELL = """
import json, os, pathlib, sys

def told(parameters, inputs):
    return {
        "parameters": parameters,
        "argv": sys.argv[1:],
        "variables": {name: value for name, value in os.environ.items() if name.startswith("VALUE_")},
        "data": pathlib.Path(inputs["data.rows"]).read_text(),
        "place": str(pathlib.Path(inputs["data.rows"]).relative_to(pathlib.Path.cwd())),
        "files": {str(path): path.read_text() for path in pathlib.Path("files").iterdir()},
    }

def main(job):
    job.outputs["seen"].write_text(json.dumps(told(job.parameters, job.inputs)))

if __name__ == "__main__":
    job = json.loads(pathlib.Path(os.environ["PIPELINE_KIT_JOB"]).read_text(encoding="utf-8"))
    pathlib.Path(job["outputs"]["seen"]).write_text(json.dumps(told(job["parameters"], job["inputs"])))
"""


def descriptor(texts: list[str], names: list[str], data: str, output: str) -> dict[str, Any]:
    """A descriptor with the texts in every place that takes any text, and two paths."""
    variables = {f"VALUE_{number}": text for number, text in enumerate(texts)}
    common = {
        "stage": "command",
        "parameters": {"list": texts, "map": {name: {name: text} for name, text in zip(names, texts, strict=False)}},
        "variables": variables,
        "inputs": ["tell.py", "data.rows", "files/**"],
    }
    return {
        "version": "1",
        "kit": "0.1.0",
        "project": {"name": "demo", "python": ">=3.11"},
        "data": {"rows": {"path": f"data/{data}"}},
        "jobs": {
            "function": {**common, "run": "tell:main", "outputs": {"seen": f"f/{output}"}},
            "argv": {**common, "run": ["python", "tell.py", *filter(None, texts)], "outputs": {"seen": f"a/{output}"}},
        },
    }


def write(folder: Path, document: dict[str, Any], style: str | None, files: list[str]) -> None:
    """The project with these files, in place of the one before."""
    for name in ("data", "files"):
        shutil.rmtree(folder / name, ignore_errors=True)
    text = as_yaml(document, style)
    quote = style or '"'
    (folder / "pipeline-kit.yml").write_text(text.replace(f"{quote}1{quote}", "1", 1), encoding="utf-8")
    data = folder / document["data"]["rows"]["path"]
    data.parent.mkdir(parents=True)
    data.write_text("a,b\n")
    (folder / "files").mkdir()
    for number, name in enumerate(files):
        (folder / "files" / name).write_text(str(number))


def test_what_a_descriptor_holds_reaches_a_process_unchanged(tmp_path: Path, count: Callable[[str, int], None]) -> None:
    """Parameters, keys, variables, arguments and paths, through a function and through a command."""
    write_project(tmp_path, "  a: {stage: probe}\n")
    (tmp_path / "tell.py").write_text(TELL)
    (tmp_path / "requirements.lock").write_text("")
    values = 0

    @settings(EVERY_TIME, max_examples=EXAMPLES)
    @given(
        texts=st.lists(TEXTS, min_size=A_TIME, max_size=A_TIME),
        names=st.lists(TEXTS.filter(str.isprintable), min_size=10, max_size=10, unique=True),
        files=st.lists(FILE_NAMES, min_size=10, max_size=10, unique=True),
        paths=st.tuples(PATHS, PATHS),
        style=STYLES,
    )
    def read_back(
        texts: list[str], names: list[str], files: list[str], paths: tuple[str, str], style: str | None
    ) -> None:
        nonlocal values
        data, output = paths
        document = descriptor(texts, names, data, output)
        write(tmp_path, document, style, files)
        done = kit(tmp_path, "run", "--json", "--no-cache")
        assert done.returncode == 0, done.stdout + done.stderr
        for job, folder in (("function", "f"), ("argv", "a")):
            out = tmp_path / ".pipeline-kit" / "out" / job
            seen = json.loads((out / folder / output).read_text())
            declared = document["jobs"][job]
            assert seen["parameters"] == declared["parameters"]
            assert seen["variables"] == declared["variables"]
            assert seen["argv"] == (declared["run"][2:] if job == "argv" else [])
            assert seen["place"] == f"data/{data}"
            assert seen["files"] == {f"files/{name}": str(number) for number, name in enumerate(files)}
            record = json.loads((out / "result.json").read_text())
            assert record["outputs"]["seen"]["path"] == f"{folder}/{output}"
            assert {f"files/{name}" for name in files} <= record["inputs"].keys()
            values += 2 * len(texts) + 2 * len(names) + len(files) + 2 + len(seen["argv"])

    read_back()
    count("hostile values read back unchanged from a process", values)


@settings(EVERY_TIME, max_examples=60)
@given(text=REFUSED, place=st.sampled_from(["parameter", "key", "variable", "argument", "data", "output"]))
def test_what_no_process_could_be_given_is_refused(tmp_path_factory: Any, text: str, place: str) -> None:
    """A NUL ends a text for the system, other control characters and marks deceive who reads it: none goes through."""
    folder = tmp_path_factory.mktemp("refused")
    (folder / "requirements.lock").write_text("")
    job: dict[str, Any] = {"run": ["python", "tell.py"], "parameters": {"a": "b"}, "variables": {"A": "b"}}
    job["outputs"] = {"seen": "seen.json"}
    document = {
        "version": 1,
        "kit": "0.1.0",
        "project": {"name": "demo"},
        "jobs": {"show": {"stage": "command", **job}},
    }
    document["data"] = {"rows": {"path": "rows.csv"}}
    show: dict[str, Any] = document["jobs"]["show"]
    changes: dict[str, Callable[[], object]] = {
        "parameter": lambda: show["parameters"].update(a=text),
        "key": lambda: show["parameters"].update({text: "b"}),
        "variable": lambda: show["variables"].update(A=text),
        "argument": lambda: show["run"].append(text),
        "data": lambda: document["data"]["rows"].update(path=text),
        "output": lambda: show["outputs"].update(seen=text),
    }
    changes[place]()
    for content in (json.dumps(document), json.dumps(document, ensure_ascii=False)):
        (folder / "pipeline-kit.yml").write_text(content, encoding="utf-8")
        refused(folder)


def refused(folder: Path) -> None:
    """Asserts that the descriptor is refused with the place of what is wrong."""
    from pipeline_kit.catalog import Catalog

    try:
        load_descriptor(folder, Catalog(folder))
    except DescriptorError as error:
        assert "pipeline-kit.yml:" in str(error)
    else:
        raise AssertionError("it was taken")
