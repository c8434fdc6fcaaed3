"""The HTML page and the Markdown: complete, self-contained, and safe whatever the values hold."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline_kit.contract.result import Case, JobRecord, Outcome, OutputRecord
from pipeline_kit.report.documents import Curve
from pipeline_kit.report.html import write_html
from pipeline_kit.report.junit import read_junit
from pipeline_kit.report.markdown import escape, write_markdown
from pipeline_kit.report.plots import curve_drawing, lines_drawing
from pipeline_kit.report.write import write_report
from tests.report.conftest import CHECKS, METRICS, VERDICT, Run, left, make_run

VOID = {"meta", "br", "hr", "img", "input", "link"}
HOSTILE = "</td></svg><script>alert(1)</script><img src=x onerror=alert(1)>{{ 7 * 7 }}|`*_[x](http://x)@all\" '"


class Page(HTMLParser):
    """A page's tags: well nested or not, and every address it names."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def safe(page: Page) -> bool:
    """No script, no handler, no address beyond the SVG name space."""
    handlers = [name for name, _ in page.attributes if name.startswith("on")]
    loaded = [value for name, value in page.attributes if name in ("src", "href", "action", "data")]
    return (
        not page.open and not handlers and not loaded and not page.tags & {"script", "img", "link", "iframe", "object"}
    )


def test_a_page_tells_the_whole_run(run: Run) -> None:
    """Verdict, plan, jobs, rules, metrics, confusion matrix, curves, slices, training and data are there."""
    text = write_html(run.summary())
    for part in ("Plan", "Jobs", "Verdict", "Metrics on test", "Confusion matrix", "ROC", "Calibration", "By slice"):
        assert part in text
    for part in ("Training: train", "Data", "the kit reads no rows from .bin files", "undefined: the predictions"):
        assert part in text
    assert ">0.9790<" in text
    assert ">+0.0021<" in text
    assert text.count("<svg") == 5
    assert safe(Page(text))


def test_a_page_needs_no_network_and_no_script(run: Run) -> None:
    """It can be opened from an artifact, years later, and forbids the browser to load anything."""
    text = write_html(run.summary())
    addresses = set(re.findall(r"https?://[^\"' <)]+", text))
    assert addresses == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in text
    assert "@import" not in text
    assert "url(" not in text


def test_a_page_follows_light_dark_and_print(run: Run) -> None:
    """The styles for all three are in the page."""
    text = write_html(run.summary())
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
    assert 'name="viewport"' in text


def test_a_narrow_page_scrolls_a_long_plan_and_stacks_the_jobs(run: Run) -> None:
    """The plan's words keep a size that can be read, and a job's reason stands under its outcome."""
    text = write_html(run.summary())
    width, least = re.findall(r'<svg [^>]*?width="(\d+)"[^>]*?style="min-width: (\d+)px"', text)[0]
    assert int(least) == round(0.75 * int(width))
    assert "@media (max-width: 640px)" in text
    assert 'class="jobs"' in text


def test_what_failed_stands_before_the_plan(run: Run) -> None:
    """The reason, the cause line and the failed case come first."""
    case = Case("test_y", "tests/test_x.py", failure="AssertionError: 1 == 2", detail="assert 1 == 2\ntrace")
    broken = run.broken("test", "1 of 31 failed", cause="E AssertionError").with_cases("test", case)
    text = write_html(broken.summary())
    plan = text.index("<h2>Plan</h2>")
    for part in ("1 of 31 failed", "E AssertionError", "tests/test_x.py: test_y", "assert 1 == 2\ntrace"):
        assert text.index(part) < plan
    assert safe(Page(text))


def hostile(run: Run, rename: Callable[[Run, str, str], Run], text: str) -> Run:
    """A run where every value is the text."""
    case = Case(text, text, failure=text, detail=text)
    records = {
        name: replace(record, reason=text, cause="cause " + text, commit=text, outcome=Outcome.FAILED)
        for name, record in run.records.items()
    }
    dataset: dict[str, Any] = {
        **METRICS["datasets"]["test"],
        "undefined": {text: text},
        "confusion": {"labels": [text, "b"], "matrix": [[1, 2], [3, 4]]},
        "slices": {text: {text: {"rows": 1, "metrics": {text: 0.5}}}},
        "curves": {"roc": {text: [[0, 0], [1, 1]]}},
    }
    rules = [{**VERDICT["rules"][0], "text": text, "status": text}]
    checks = {
        "datasets": {text: {"digest": text, "rows": 1, "note": text}},
        "checks": [{"dataset": text, "check": text, "status": "failed", "found": text}],
    }
    evidence = {
        "check": left(case, checks=checks),
        "train": left(curves={"rows": [{text: 1}, {text: 2}]}),
        "evaluate": left(metrics={"datasets": {text: dataset}}),
        "test": left(table={"columns": [text, "b"], "rows": [{text: text}]}, findings={"findings": [{"rule": text}]}),
        "gate": left(verdict={**VERDICT, "sentence": text, "status": text, "decision": text, "rules": rules}),
    }
    run = Run(replace(run.plan, project=text), records, evidence)
    return rename(run, "train", text) if text else run


def test_no_value_becomes_markup(run: Run, rename: Callable[[Run, str, str], Run]) -> None:
    """Names and messages with tags, templates and quotes are shown as they are."""
    text = write_html(hostile(run, rename, HOSTILE).summary())
    page = Page(text)
    assert safe(page)
    assert "alert(1)" not in "".join(value for name, value in page.attributes if name != "style")
    assert "{{ 7 * 7 }}" in text


@given(st.text(max_size=30))
def test_no_value_breaks_the_page(text: str) -> None:
    """Any text, anywhere, leaves the page well formed."""
    run = make_run()
    records = {name: replace(record, reason=text, commit=text) for name, record in run.records.items()}
    assert safe(Page(write_html(Run(replace(run.plan, project=text), records, run.evidence).summary())))


def test_markdown_tells_the_run(run: Run) -> None:
    """Outcome and verdict first, then jobs, metrics beside their baseline, and rules."""
    text = write_markdown(run.summary())
    assert text.startswith("# ✅ passed: tumour\n\n**PASS: f1 0.981 is at least 0.95")
    assert "| gate | ✅ passed | 19 s | PASS: f1 0.981" in text
    assert "| f1 | 0.9811 | 0.9790 |" in text
    assert "| ece | undefined: the predictions have no probabilities |  |" in text
    assert "| PASS | f1 0.9811 is at least 0.95 |" in text


def test_markdown_has_failures_before_the_jobs(run: Run) -> None:
    """Who reads only the first lines knows what broke; long lists are cut with a count."""
    cases = [Case(f"test_{number}", "a.py", failure="no") for number in range(12)]
    text = write_markdown(run.broken("test", "12 of 31 failed", cause="boom").with_cases("test", *cases).summary())
    assert text.index("Cause: boom") < text.index("## Jobs")
    assert text.index("- a.py: test\\_9: no\n- and 2 more") < text.index("## Jobs")
    assert "| train | ⏭ skipped |  | test failed |" in text


def test_no_value_leaves_its_markdown_cell(run: Run, rename: Callable[[Run, str, str], Run]) -> None:
    """Pipes, tags, backticks, links and line breaks are text; every table row keeps its cells."""
    text = write_markdown(hostile(run, rename, HOSTILE + "\n# head\n\n- item").summary())
    assert "<script" not in text
    assert "<img" not in text
    assert not re.search(r"(?<!\\)`|@\w", text)
    assert all(
        line.startswith(("#", "|", "-", "**", "Commit", "Cause", "Reason", "8 jobs")) or "alert" in line
        for line in text.split("\n")
        if line
    )
    for line in text.splitlines():
        if line.startswith("|"):
            assert len(re.findall(r"(?<!\\)\|", line)) in (3, 4, 5, 6), line


@pytest.mark.parametrize("text", ["/approve", "/merge\n/label ~x", " /close", "\u200b/approve", "x\n/assign @all"])
@pytest.mark.parametrize("where", ["reason", "cause", "case"])
def test_no_foreign_text_begins_a_line(run: Run, text: str, where: str) -> None:
    """A line that begins with a slash is a command that GitLab obeys with the rights of the token's user."""
    case = Case(text, text, failure=text)
    broken = run.broken("test", text if where == "reason" else "red", cause=text if where == "cause" else None)
    page = write_markdown((broken.with_cases("test", case) if where == "case" else broken).summary())
    assert not [line for line in page.splitlines() if re.match(r"\W*/", line) and not line.startswith(("|", "- "))]
    assert not [line for line in page.splitlines() if line.startswith("/")]


@pytest.mark.parametrize(
    "text",
    [
        "@all",
        "@group/sub",
        "#1",
        "!1",
        "%1",
        '%"a milestone"',
        "~bug",
        '~"a label"',
        "$1",
        "&1",
        "^alert#1",
        "*iteration:3",
    ],
)
def test_a_reference_is_only_text(text: str) -> None:
    """A person, an issue or a label that a value names is neither notified nor linked nor set."""
    rendered = re.sub(r"\\(.)", r"\1", escape(f"see {text}")).replace("&amp;", "&")
    assert not re.search(r"[@#!%~$&^*](?=[\w\"'])", rendered)
    assert rendered.replace("\u2060", "") == f"see {text}"


@given(st.text())
def test_escaped_text_is_one_line(text: str) -> None:
    """No line break, tag or open cell survives."""
    line = escape(text)
    assert "\n" not in line
    assert not re.search(r"(?<!\\)(\\\\)*[|`*_<>\[\]]", line)
    assert not line.startswith(("- ", "+ ", "=", "# ", "/"))


@pytest.mark.parametrize(
    "points",
    [
        (),
        ((1.0, 1.0),),
        ((0.0, 5.0), (1.0, 5.0)),
        ((0.0, -1e308), (1.0, 1e308)),
        tuple((float(x), x**2) for x in range(5000)),
    ],
)
def test_any_curve_is_drawn_inside_its_frame(points: tuple[tuple[float, float], ...]) -> None:
    """No point, one point, a flat line, the largest numbers, thousands of points."""
    text = curve_drawing(Curve("loss", points))
    assert "nan" not in text
    assert "inf" not in text
    for x, y in re.findall(r"([0-9.-]+),([0-9.-]+)", " ".join(re.findall(r'points="([^"]*)"', text))):
        assert 0 <= float(x) <= 320
        assert 0 <= float(y) <= 240
    assert len(text) < 20_000


def test_many_lines_stay_readable() -> None:
    """More lines than a drawing can show apart are cut."""
    lines = {f"class {number}": [(0.0, 0.0), (1.0, 1.0)] for number in range(100)}
    assert lines_drawing(lines, title="t", across="x", up="y").count("<polyline") == 20


def test_a_report_is_written_from_what_the_jobs_left(run: Run, tmp_path: Path) -> None:
    """Documents are found by kind and name; a damaged or missing one is left out, and the rest is told."""
    folders = {name: tmp_path / "out" / name for name in run.records}
    for folder in folders.values():
        folder.mkdir(parents=True)
    (folders["evaluate"] / "metrics.json").write_text(json.dumps(METRICS))
    (folders["gate"] / "verdict.json").write_text('{"status": ')
    (folders["check"] / "checks.json").write_text(json.dumps(CHECKS))

    def output(path: str, kind: str) -> OutputRecord:
        return OutputRecord(path, kind, "sha256:00", 1)

    records: dict[str, JobRecord] = dict(run.records)
    records["evaluate"] = replace(records["evaluate"], outputs={"metrics": output("metrics.json", "metrics")})
    records["gate"] = replace(records["gate"], outputs={"verdict": output("verdict.json", "verdict")})
    records["check"] = replace(records["check"], outputs={"report": output("checks.json", "report")})
    records["train"] = replace(records["train"], outputs={"curves": output("curves.json", "report")})
    report = write_report(run.plan, records, lambda name: folders[name], tmp_path / "report")
    assert [data.name for data in report.summary.metrics] == ["test"]
    assert [data.name for data in report.summary.checks] == ["train", "notes"]
    assert (report.summary.verdict, report.summary.curves) == (None, {})
    assert report.html.read_text().startswith("<!DOCTYPE html>")
    assert report.markdown.read_text().startswith("# ")
    assert [case.name for case in read_junit(report.junit.read_text())] == list(run.records)
    assert sorted(path.name for path in (tmp_path / "report").iterdir()) == ["junit.xml", "report.html", "report.md"]


def test_a_failed_jobs_cases_are_read_from_its_junit(run: Run, tmp_path: Path) -> None:
    """What failed inside the job stands in the run's report."""
    from pipeline_kit.report.junit import write_junit

    broken = run.broken("check", "1 of 46 checks failed")
    (tmp_path / "check").mkdir()
    text = write_junit("check", [Case("unique", "train", failure="twice")])
    (tmp_path / "check" / "junit.xml").write_text(text)
    report = write_report(run.plan, broken.records, lambda name: tmp_path / name, tmp_path / "report")
    assert [case.failure for case in report.summary.failed()[0].failed_cases] == ["twice"]
