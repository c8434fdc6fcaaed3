"""Reports that a `stage.yml` declares: how they are read, and a project's own stage that has one."""

from __future__ import annotations

import ast
import io
import json
from pathlib import Path

import pytest

from pipeline_kit.catalog import BUILT_IN, Specs
from pipeline_kit.contract.spec import ReportSpec, Shape
from pipeline_kit.contract.stage_file import read_spec
from pipeline_kit.errors import UsageError
from pipeline_kit.report.html import write_html
from pipeline_kit.report.live import print_coloured
from pipeline_kit.report.markdown import write_markdown
from pipeline_kit.report.tables import Table, findings_table, table_of
from pipeline_kit.report.terminal import summary_lines
from pipeline_kit.report.wording import plain
from tests.projects import commit, kit, write_project
from tests.report.conftest import Run, left

HTML = Path("report.html")
OUTPUTS = """
help: Measures the files of an export.
outputs:
  sizes: {path: sizes.json, kind: report, help: "A row a file."}
  log: {path: log.txt, kind: report, help: "Lines."}
"""
SIZES_RUN = '''
"""Measures the files of an export."""
import json

from pipeline_kit.contract.result import Outcome, StageResult

SIZES = {"columns": ["file", "bytes"], "rows": [{"file": "model.onnx", "bytes": 764}, {"file": "<b>", "bytes": 0.5}]}
LEAKS = {"findings": [{"rule": "leak", "severity": "high", "path": "a.py", "line": 3, "message": "x", "blocks": True}]}


def run(context):
    """Passed."""
    sizes, leaks = context.place("sizes", "sizes.json"), context.place("leaks", "leaks.json")
    sizes.write_text(json.dumps(SIZES))
    leaks.write_text(json.dumps(LEAKS))
    outputs = {"sizes": context.left("report", sizes), "leaks": context.left("findings", leaks)}
    return StageResult(Outcome.PASSED, "measured", outputs=outputs)
'''


def stage(folder: Path, text: str) -> Path:
    """A stage's folder with that `stage.yml`."""
    path = folder / "export" / "stage.yml"
    path.parent.mkdir()
    path.write_text(text)
    return path.parent


def test_a_stage_declares_what_is_shown(tmp_path: Path) -> None:
    """Each report names an output and a shape; its name becomes the heading."""
    spec = read_spec(stage(tmp_path, OUTPUTS + "reports: {file_sizes: {output: sizes, as: table}}\n"))
    assert spec.reports == (ReportSpec("file_sizes", "sizes", Shape.TABLE),)
    assert spec.reports[0].title == "File sizes"


def test_a_stage_that_declares_nothing_shows_its_verdict_and_metrics(tmp_path: Path) -> None:
    """As before there was a key `reports`; an empty one shows nothing."""
    text = OUTPUTS + "  metrics: {path: m.json, kind: metrics}\n  verdict: {path: v.json, kind: verdict}\n"
    folder = stage(tmp_path, text)
    assert [(report.output, report.shape) for report in read_spec(folder).reports] == [
        ("metrics", Shape.METRICS),
        ("verdict", Shape.VERDICT),
    ]
    (folder / "stage.yml").write_text(text + "reports: {}\n")
    assert read_spec(folder).reports == ()


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        ("[]", "reports is not a mapping"),
        ("{Sizes!: {}}", "report Sizes!: the name is not a word"),
        ("{sizes: table}", "report sizes is not a mapping"),
        ("{sizes: {output: sizes, as: table, width: 3}}", "report sizes has the unknown key 'width'"),
        (
            "{sizes: {output: size, as: table}}",
            "report sizes: output names 'size', which is not an output of the stage",
        ),
        ("{sizes: {output: log, as: table}}", "report sizes: the output log is log.txt"),
        (
            "{sizes: {output: sizes, as: pie}}",
            "report sizes: as must be one of verdict, metrics, checks, curves, table,",
        ),
        (
            "{sizes: {output: sizes}}",
            "report sizes: as must be one of verdict, metrics, checks, curves, table, findings",
        ),
    ],
)
def test_a_wrong_declaration_is_named_with_its_file(tmp_path: Path, declared: str, message: str) -> None:
    """The file, the report and the key are in the message."""
    folder = stage(tmp_path, f"{OUTPUTS}reports: {declared}\n")
    with pytest.raises(UsageError) as raised:
        read_spec(folder)
    assert raised.value.message.startswith(f"{folder / 'stage.yml'}: {message}")


def test_the_report_knows_no_stage_by_name() -> None:
    """Its modules choose by shape: the one such word, `check`, is a key of checks.json."""
    folder = Path(summary_lines.__code__.co_filename).parent
    nodes = [node for path in sorted(folder.glob("*.py")) for node in ast.walk(ast.parse(path.read_text()))]
    words = {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert words & set(BUILT_IN) == {"check"}


def test_every_report_of_a_built_in_stage_is_of_an_output_that_it_has() -> None:
    """Five stages declare one today."""
    shown = {name: [report.shape.value for report in Specs()[name].reports] for name in BUILT_IN}
    assert {name: shapes for name, shapes in shown.items() if shapes} == {
        "check": ["checks"],
        "evaluate": ["metrics"],
        "gate": ["verdict"],
        "test_image": ["metrics"],
        "train": ["curves"],
    }


def test_a_table_has_the_columns_that_it_names_or_those_of_its_rows() -> None:
    """A cell that a row lacks is empty; whole numbers stay whole."""
    rows = [{"name": "a", "bytes": 12345678}, {"name": "b", "share": 0.25, "kept": True}]
    named = table_of({"columns": ["name", "bytes"], "rows": rows}, "Sizes", "export")
    assert named == Table("Sizes", "export", ("name", "bytes"), (("a", "12345678"), ("b", "")))
    free = table_of({"rows": rows}, "Sizes", "export")
    assert free is not None
    assert free.columns == ("name", "bytes", "share", "kept")
    assert free.rows[1] == ("b", "", "0.2500", "yes")


def test_a_long_table_says_how_many_rows_are_left_out(run: Run) -> None:
    """200 rows on the page, 50 in Markdown, 10 on a terminal."""
    rows = [{"number": number} for number in range(230)]
    summary = Run(run.plan, run.records, {"test": left(table={"rows": rows})}).summary()
    assert '<p class="soft">and 30 more</p>' in write_html(summary)
    assert "\n\nand 180 more\n" in write_markdown(summary)
    assert "  and 220 more" in summary_lines(summary, HTML)


def test_findings_are_a_table_with_those_that_block_first() -> None:
    """Place and line are one cell; what is allowed comes last."""
    findings = [
        {"rule": "a", "severity": "low", "path": "x", "message": "m", "allowed": "known"},
        {"rule": "b", "severity": "low", "path": "y", "line": 3, "message": "n", "blocks": False},
        {"rule": "c", "severity": "high", "path": "z", "message": "o", "blocks": True},
    ]
    table = findings_table({"findings": findings}, "Findings", "scan")
    assert table is not None
    assert [row[:4] for row in table.rows] == [
        ("blocks", "c", "high", "z"),
        ("reported", "b", "low", "y:3"),
        ("allowed", "a", "low", "x"),
    ]


def test_a_coloured_terminal_shows_the_same_table(run: Run) -> None:
    """No cell moves the cursor, and no cell is mark-up."""
    summary = Run(run.plan, run.records, {"test": left(table={"rows": [{"a": "[red]\x1b[2Jx"}]})}).summary()
    stream = io.StringIO()
    print_coloured(summary, HTML, stream)
    assert "Table: test\n  a\n  [red]x\n" in plain(stream.getvalue())


def test_a_projects_own_stage_shows_its_documents_in_all_three(tmp_path: Path) -> None:
    """`pipeline-kit run` prints the table, and the page and the Markdown have it."""
    project = write_project(tmp_path / "project", "  export: {}\n")
    folder = stage(
        project / ".pipeline-kit" / "stages", OUTPUTS.replace("log: {path: log.txt", "leaks: {path: leaks.json")
    )
    with (folder / "stage.yml").open("a") as file:
        file.write("reports: {file_sizes: {output: sizes, as: table}, leaks: {output: leaks, as: findings}}\n")
    (folder / "run.py").write_text(SIZES_RUN)
    commit(project)
    ended = kit(project, "run")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "File sizes: export\n  file        bytes\n  model.onnx  764\n  <b>         0.5000\n" in ended.stdout
    assert (
        "Leaks: export\n  Status  Rule  Severity  Place   Message\n  blocks  leak  high      a.py:3  x\n"
        in ended.stdout
    )
    markdown = (project / ".pipeline-kit/report/report.md").read_text()
    assert "## File sizes: export\n\n| file | bytes |\n| --- | --- |\n| model.onnx | 764 |\n" in markdown
    page = (project / ".pipeline-kit/report/report.html").read_text()
    assert "<h2>File sizes: export</h2>" in page
    assert '<td class="text">&lt;b&gt;</td>' in page
    assert "<h2>Leaks: export</h2>" in page
    record = json.loads((project / ".pipeline-kit/out/export/result.json").read_text())
    assert sorted(record["outputs"]) == ["leaks", "sizes"]
