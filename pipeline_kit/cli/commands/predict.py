"""`pipeline-kit predict`: predictions from an image, run as a plain process, or from a pod of a release."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pipeline_kit.adapters.python.interpreters import find_python
from pipeline_kit.catalog import Catalog
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.image_reference import LayoutReference
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.contract.result import Outcome
from pipeline_kit.contract.serving import Answer
from pipeline_kit.contract.world import World
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.errors import DataError, ModelError, UsageError
from pipeline_kit.gates.tables import read_table
from pipeline_kit.images.oci.root import unpack_root
from pipeline_kit.images.oci.source import open_image
from pipeline_kit.images.serve.golden_requests import answer_of, golden_rows, request_of, rows_of
from pipeline_kit.images.serve.running import Configuration, read_configuration, serve_root, wait_until_ready
from pipeline_kit.runner.folders import RESULT, Folders, folders_of
from pipeline_kit.runner.world import world_for

if TYPE_CHECKING:
    from pipeline_kit.cli.serving_pod import LiveImage

DESCRIPTOR = "pipeline-kit.yml"
START_SECONDS = 60.0
TOGETHER = 500
"""Rows of one request; the serving application takes twice as many."""
MOST_PROBLEMS = 10
MOST_COLUMNS = 4
"""With more, only the probability of what was predicted is shown; --json has all."""

Row = Mapping[str, Value]


class Asked(Protocol):
    """What answers requests: a process here, or a pod."""

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The answer, or none while nothing listens there."""


def execute(arguments: argparse.Namespace) -> int:
    """Sends rows to the image, or to a pod that serves it, and prints what was predicted and by which model."""
    root = arguments.directory.resolve()
    live: LiveImage | None = None
    if arguments.environment is not None:
        from pipeline_kit.cli.serving_pod import LiveImage

        if arguments.image is not None:
            raise UsageError("an image and an environment are named", hint="leave out one of them")
        live = LiveImage.find(arguments.directory, arguments.environment)
    descriptor = load_descriptor(root, Catalog(root)) if (root / DESCRIPTOR).is_file() else None
    world = world_for(descriptor, dict(os.environ))
    blobs, image = open_image(image_named(arguments, live, root), root, world.registries)
    configuration = read_configuration(blobs, image)
    if arguments.rows is None:
        rows = first_row(descriptor, root, configuration)
    else:
        rows = read_rows(arguments.rows, configuration, targets_of(descriptor))
    if live is not None:
        predictions, model = ask(live.pod(), rows)
        if model != live.content.model_digest:
            what = f"the pod answers by the model {model}, and {live.content.model_digest} was released"
            raise ModelError(what, hint="`pipeline-kit deploy` repairs changes by others")
    else:
        predictions, model = run_and_ask(world, blobs, image, configuration, rows)
    if arguments.json:
        print(json.dumps({"image": image.digest, "model": model, "predictions": predictions}, indent=2))
        return 0
    print("\n".join(as_lines(predictions)))
    print(f"by the model {model}\nof the image {image.digest}")
    return 0


def image_named(arguments: argparse.Namespace, live: LiveImage | None, root: Path) -> str | LayoutReference:
    """The image that is live, the one that is named, or the newest that was made here."""
    if live is not None:
        return live.image
    return arguments.image or newest_image(folders_of(root))


def run_and_ask(
    world: World, blobs: Blobs, image: Image, configuration: Configuration, rows: Sequence[Row]
) -> tuple[list[Row], str]:
    """The predictions of the image as a plain process, from its unpacked root, and the digest of the model."""
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-predict-") as name:
        folder = Path(name).resolve() / "root"
        unpack_root(blobs, image, folder, above_base=True)
        return serve_and_ask(world, image, folder, configuration, rows)


def newest_image(folders: Folders) -> LayoutReference:
    """The image that was made last in a project's folders. Raises UsageError if no image was made yet."""
    matches: list[tuple[int, Path]] = []
    for result in folders.out("any").parent.glob(f"*/{RESULT}"):
        record = folders.read(result.parent.name)
        if record is not None and record.outcome is Outcome.PASSED:
            images = (output.path for output in record.outputs.values() if output.kind == "image")
            matches.extend((result.stat().st_mtime_ns, result.parent / path) for path in images)
    if not matches:
        raise UsageError("no run has made an image here", hint="name one, or run a job of the stage image first")
    return LayoutReference(max(matches)[1])


def targets_of(descriptor: Descriptor | None) -> frozenset[str]:
    """The columns that a project predicts: a file of rows may have them, and they are not sent."""
    datasets = descriptor.data.values() if descriptor else ()
    return frozenset(dataset.target for dataset in datasets if dataset.target is not None)


def read_rows(path: Path, configuration: Configuration, targets: frozenset[str]) -> Sequence[Row]:
    """The rows in a file: a table, or JSON with {"rows": [...]}, a list of rows or one row.

    Raises UsageError where the file cannot be read, DataError where it holds no rows.
    """
    if path.suffix.lower() == ".json":
        return read_json_rows(path)
    if not path.is_file():
        raise UsageError(f"{path} does not exist")
    identifier = configuration.inputs.get("id")
    table = read_table(path, path.name, lambda name: name not in targets)
    return rows_of(table, configuration.inputs, identifier if isinstance(identifier, str) else None)


def read_json_rows(path: Path) -> Sequence[Row]:
    """The rows in a JSON file. The image checks their cells."""
    try:
        document = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path.name} is not JSON: {error}", hint='such as [{"column": 1.5}]') from error
    rows = document.get("rows", document) if isinstance(document, dict) else document
    rows = [rows] if isinstance(rows, dict) else rows
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise DataError(f"{path.name} holds no rows", hint='such as [{"column": 1.5}]')
    return rows


def first_row(descriptor: Descriptor | None, root: Path, configuration: Configuration) -> Sequence[Row]:
    """The first row of a dataset that the model was evaluated on, where the project has it."""
    metrics = configuration.manifest.get("metrics")
    for name in metrics if isinstance(metrics, Mapping) else ():
        dataset = descriptor.data.get(name) if descriptor else None
        if dataset is not None and (root / dataset.path).is_file():
            return golden_rows(dataset, root / dataset.path, configuration.inputs, 1).rows
    raise UsageError("no evaluated dataset to take a row from", hint="give rows by --rows FILE")


def serve_and_ask(
    world: World, image: Image, folder: Path, configuration: Configuration, rows: Sequence[Row]
) -> tuple[list[Row], str]:
    """The predictions and the digest of the model. Raises ModelError where the image does not serve them."""
    server = serve_root(world.processes(), image, folder, find_python(configuration.python))
    try:
        readiness = wait_until_ready(server, START_SECONDS)
        if readiness.reason is not None:
            hint = "\n".join(server.lines()[-5:]) or None
            raise ModelError(f"the image does not serve: {readiness.reason}", hint=hint)
        return ask(server, rows)
    finally:
        server.stop()


def ask(server: Asked, rows: Sequence[Row]) -> tuple[list[Row], str]:
    """What a server predicts of rows, so many at a time. Raises DataError for rows that it refuses."""
    result: list[Row] = []
    model = ""
    for start in range(0, len(rows), TOGETHER):
        part = rows[start : start + TOGETHER]
        answer = server.ask("POST", "/predict", json_of(part))
        if answer is None or answer.status != 200:
            raise refused(answer, start)
        predictions, model = answer_of(answer.body)
        if len(predictions) != len(part):
            raise ModelError(f"the image answers {len(predictions)} predictions of {len(part)} rows")
        result.extend(predictions)
    return result, model


def json_of(rows: Sequence[Row]) -> bytes:
    """The body of a request. Raises DataError where a number is not finite, which JSON cannot say."""
    try:
        return request_of(rows)
    except ValueError as error:
        raise DataError("a number in the rows is not finite", hint="leave a cell empty that has no value") from error


def refused(answer: Answer | None, start: int) -> ModelError | DataError:
    """The error for an answer without a prediction: the fault of the rows, or of the image."""
    if answer is None:
        return ModelError("the image gives no answer")
    try:
        document = json.loads(answer.body)
        problems = [problem_of(problem, start) for problem in document.get("problems", ())]
        message = str(document["error"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ModelError(f"the image answers {answer.status} and no JSON")
    if answer.status >= 500:
        return ModelError(f"the image answers {answer.status}: {message}")
    return DataError(f"the image refuses the request: {message}", hint="; ".join(problems[:MOST_PROBLEMS]) or None)


def problem_of(problem: Mapping[str, Value], start: int) -> str:
    """What the image says of one cell, its row counted from 0 in the file."""
    row = problem["row"]
    where = f"row {row + start}: " if isinstance(row, int) else ""
    return f"{where}{problem['column'] or 'it'} {problem['problem']}"


def as_lines(predictions: Sequence[Row]) -> list[str]:
    """The predictions as a table."""
    rows = [narrow(prediction) for prediction in predictions]
    head = list(rows[0]) if rows else []
    table = [head, *([shown(row.get(name)) for name in head] for row in rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(head))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]


def narrow(prediction: Row) -> Row:
    """A prediction that fits a line: of many probabilities that of the class which was predicted."""
    if len(prediction) <= MOST_COLUMNS:
        return prediction
    kept = {name: value for name, value in prediction.items() if not name.startswith("probability_")}
    return {**kept, "probability": prediction.get(f"probability_{prediction.get('prediction')}")}


def shown(value: Value) -> str:
    """A value as the table has it."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)
