"""The test of an image as a job: what it asks, what it holds the image to, and what it leaves for a gate."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Any

import pytest

from pipeline_kit.adapters.process.servers import LocalProcesses
from pipeline_kit.contract.context import StageContext
from pipeline_kit.contract.result import Outcome
from pipeline_kit.contract.serving import Answer
from pipeline_kit.errors import Category, ModelError
from pipeline_kit.gates.evidence import read_metrics
from pipeline_kit.testing.context import stage_context, upstream
from tests.images.building import DATA, BuildWorld, build, image_context, make_package
from tests.stages.judging import defaults, run

TEST = replace(DATA, name="test", path=PurePosixPath("data/test.csv"))
SERVING = """
import http.server, json, os, signal, sys, threading

APP = os.environ["PIPELINE_KIT_APP"]
MANIFEST = json.load(open(APP + "/config/manifest.json"))
THRESHOLD = json.load(open(APP + "/model/model.json"))["threshold"]

class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        import hashlib
        package = "sha256:" + hashlib.sha256(open(APP + "/config/manifest.json", "rb").read()).hexdigest()
        self.say(200, {**{key: MANIFEST[key] for key in ("model_digest", "commit")}, "package": package})

    def do_POST(self):
        rows = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["rows"]
        if any("x" not in row for row in rows):
            return self.say(422, {"error": "rows", "problems": [{"row": 0, "column": list(rows[0])[0], "problem": ""}]})
        found = [{"id": row["id"], "prediction": str(int(row["x"] >= THRESHOLD)), "probability": row["x"]}
                 for row in rows]
        self.say(200, {"predictions": found, "model": MANIFEST["model_digest"]})

    def say(self, status, document):
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *words):
        pass

server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Answers)
signal.signal(signal.SIGTERM, lambda number, frame: threading.Thread(target=server.shutdown).start())
server.serve_forever()
"""


@dataclass
class FakeServer:
    """A server in memory that does all right but what the test tells it to do wrong."""

    about: Mapping[str, Any]
    wrong: frozenset[str] = frozenset()
    exit_code: int = 0
    asked: int = 0

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        if "silent" in self.wrong:
            return None
        if path == "/readyz":
            reason = "not served: the model is another" if "tampered" in self.wrong else "still loading"
            late = self.wrong & {"tampered", "late"}
            return answer(503 if late else 200, {"reason": reason if late else None})
        if path == "/model":
            return answer(200, {**self.about, **({"package": "sha256:0"} if "package" in self.wrong else {})})
        return self.predict(json.loads(body or b"{}")["rows"])

    def predict(self, rows: Sequence[Mapping[str, Any]]) -> Answer:
        self.asked += 1
        if any("x" not in row for row in rows) and "careless" not in self.wrong:
            return answer(422, {"error": "no such column"})
        if "tired" in self.wrong and self.asked > 30:
            return answer(503, {"error": "too many requests"})
        off = 1e-9 if "imprecise" in self.wrong else 0.0
        found = [
            {
                "id": row.get("id"),
                "prediction": "1" if row.get("x", 0) >= 0.5 else "0",
                "probability": row.get("x", 0) + off,
            }
            for row in rows
        ]
        if "together" in self.wrong and len(rows) > 1:
            found.reverse()
        if "short" in self.wrong and len(rows) > 1:
            found.pop()
        if "more" in self.wrong:
            found = [{**each, "score": 1} for each in found]
        other = "sha256:" + "0" * 64
        return answer(
            200, {"predictions": found, "model": other if "model" in self.wrong else self.about["model_digest"]}
        )

    def alive(self) -> bool:
        return "silent" not in self.wrong

    def lines(self) -> tuple[str, ...]:
        return ("ImportError: no module named numpy",)

    def memory_bytes(self) -> int | None:
        return 50_000_000

    def stop(self) -> int:
        return self.exit_code


def answer(status: int, document: Any) -> Answer:
    return Answer(status, json.dumps(document).encode(), 0.001)


@dataclass
class RunningWorld(BuildWorld):
    """A world whose processes are real, or the one server of the test."""

    server: FakeServer | None = None
    started: list[Sequence[str]] = field(default_factory=list)

    def processes(self) -> Any:
        return LocalProcesses({}, lambda line: None) if self.server is None else self

    def serve(self, arguments: Sequence[str], *, cwd: Path, variables: Mapping[str, str]) -> FakeServer:
        self.started.append(arguments)
        assert self.server is not None
        return self.server


@dataclass
class Tried:
    """The job that tries an image, and the world that it does so in."""

    context: StageContext
    world: RunningWorld
    about: Mapping[str, Any]

    def run(self, *wrong: str, exit_code: int = 0, **settings: Any) -> Any:
        """The result of a run against a server that does these things wrong."""
        self.world.server = FakeServer(self.about, frozenset(wrong), exit_code)
        return run("test_image", replace(self.context, settings={**self.context.settings, **settings}))


@pytest.fixture
def tried(tmp_path: Path) -> Tried:
    """An image of a model that is a threshold, ten rows, and what the evaluation predicted of them."""
    world = RunningWorld(tmp_path / "world")
    package = tmp_path / "package.tar"
    manifest = make_package(package, code={"model/serving.py": SERVING.encode()})
    making = image_context(tmp_path / "making", package, world)
    made = build(making)
    image = tmp_path / "up" / "package_image" / "image"
    shutil.copytree(making.out / "image", image)
    predictions = tmp_path / "up" / "evaluate" / "predictions"
    predictions.mkdir(parents=True)
    xs = [row / 10 for row in range(10)]
    write(predictions / "test.csv", ["id", "prediction", "probability"], [[f"r{x}", int(x >= 0.5), x] for x in xs])
    write(
        tmp_path / "job/workspace/data/test.csv", ["id", "x", "country", "label"], [[f"r{x}", x, "DE", 1] for x in xs]
    )
    before = {
        "package_image": upstream(tmp_path / "up", "package_image", "image", {"image": ("image", image)}),
        "evaluate": upstream(
            tmp_path / "up",
            "evaluate",
            "evaluate",
            {"predictions": ("predictions", predictions)},
            facts={"model": manifest.model_digest},
        ),
    }
    context = stage_context(
        tmp_path / "job",
        settings={**defaults("test_image"), "start_seconds": 5},
        datasets={"test": TEST},
        upstream=before,
        world=world,
    )
    about = {"model_digest": manifest.model_digest, "package": made.facts["package"], "commit": manifest.commit}
    return Tried(context, world, about)


def write(path: Path, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])


def test_an_image_runs_as_a_process_and_predicts_as_evaluated(tried: Tried) -> None:
    """Unpacked, started by this machine's Python, asked over HTTP, ended by SIGTERM; nothing of it is left running."""
    result = run("test_image", tried.context)
    assert result.outcome is Outcome.PASSED, [case.failure for case in result.cases]
    assert result.reason.startswith("10 rows predicted as evaluated; ready after ")
    assert [case.failure for case in result.cases] == [None] * 6
    assert result.facts["model"] == tried.about["model_digest"]


def test_the_figures_are_metrics_that_a_gate_reads(tried: Tried) -> None:
    """Start-up, latency and memory of a dataset called image, whose digest is the image's."""
    result = tried.run()
    evidence = read_metrics((tried.context.out / "metrics.json").read_text(), "metrics.json")
    assert evidence.model == tried.about["model_digest"]
    figures = json.loads((tried.context.out / "metrics.json").read_text())["datasets"]["image"]
    assert figures["digest"] == result.facts["image"]
    assert set(figures["metrics"]) == {"startup_seconds", "latency_p50_seconds", "latency_p95_seconds", "memory_bytes"}
    assert figures["metrics"]["memory_bytes"] == 50_000_000 and figures["undefined"] == {}


def test_what_could_not_be_measured_is_no_figure(tried: Tried) -> None:
    """A latency of the requests that were answered would be a good one: a gate finds none, and does not pass."""
    tried.run("tired")
    figures = json.loads((tried.context.out / "metrics.json").read_text())["datasets"]["image"]
    assert "latency_p95_seconds" not in figures["metrics"]
    assert "of 50 requests had no prediction" in figures["undefined"]["latency_p95_seconds"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("late", "not ready after 1 s: still loading"),
        ("tampered", "not served: the model is another"),
        ("silent", "it ended: ImportError: no module named numpy"),
        ("package", "package is sha256:0, and sha256:"),
        ("model", "the model sha256:0000"),
        ("imprecise", "test, id r0.0, probability: 1e-09 by the image, 0.0 in the evaluation"),
        ("together", "the rows together"),
        ("short", "9 predictions of 10 rows"),
        ("more", "score: 1 by the image, nothing in the evaluation"),
        ("careless", "a wrong request is refused with 422: it answers 200"),
    ],
)
def test_an_image_that_does_one_thing_wrong_fails_by_its_name(tried: Tried, wrong: str, said: str) -> None:
    """Each is a failure of the model's job, in words, and leaves no metrics that could pass a gate."""
    result = tried.run(wrong, start_seconds=1)
    assert result.outcome is Outcome.FAILED and result.category is Category.MODEL
    assert said in result.reason
    assert "metrics" not in result.outputs and "report" in result.outputs


def test_a_server_that_must_be_killed_fails(tried: Tried) -> None:
    """One that drops its requests at the end does so with every release."""
    assert "it ends with -9" in tried.run(exit_code=-9).reason


def test_a_stated_tolerance_lets_numbers_differ_and_nothing_else(tried: Tried) -> None:
    """By so much and no more; a class is never nearly right."""
    assert tried.run("imprecise", tolerance=1e-6).outcome is Outcome.PASSED
    assert tried.run("imprecise", tolerance=1e-12).outcome is Outcome.FAILED
    assert tried.run("together", tolerance=1e-6).outcome is Outcome.FAILED


def test_a_row_that_the_evaluation_has_not_predicted_is_an_error(tried: Tried) -> None:
    """Nothing is compared with what is not there."""
    path = tried.context.upstream["evaluate"].files["predictions"] / "test.csv"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    with pytest.raises(ModelError, match=r"predicts no row of id 'r0\.9'"):
        tried.run()
