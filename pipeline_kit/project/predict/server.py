"""Requests for predictions to a serving process: one that is started from the image, or one that runs elsewhere."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from pipeline_kit.adapters.python.interpreters import find_python
from pipeline_kit.contract.image_documents import Image
from pipeline_kit.contract.oci import Blobs
from pipeline_kit.contract.serving import Answer, Processes
from pipeline_kit.errors import ModelError
from pipeline_kit.images.oci.root import unpack_root
from pipeline_kit.images.serve.running import Configuration, serve_root, wait_until_ready
from pipeline_kit.project.predict.exchange import Row, predictions_in, request_body

START_SECONDS = 60.0
ROWS_PER_REQUEST = 500
"""The serving application takes twice as many."""


class Serving(Protocol):
    """What answers requests: a local process, or an instance of a release."""

    def ask(self, method: str, path: str, body: bytes | None = None) -> Answer | None:
        """The answer, or None while nothing listens there."""


def query(server: Serving, rows: Sequence[Row]) -> tuple[tuple[Row, ...], str]:
    """What a server predicts of rows, and the digest of its model. Raises DataError for rows that it refuses."""
    result: list[Row] = []
    model = ""
    for start in range(0, len(rows), ROWS_PER_REQUEST):
        part = rows[start : start + ROWS_PER_REQUEST]
        answer = server.ask("POST", "/predict", request_body(part))
        predictions, model = predictions_in(answer, start, len(part))
        result.extend(predictions)
    return tuple(result), model


def serve_and_query(
    processes: Processes, blobs: Blobs, image: Image, configuration: Configuration, rows: Sequence[Row]
) -> tuple[tuple[Row, ...], str]:
    """What the image predicts as a plain process from its unpacked root, and the digest of its model.

    Raises ModelError where the image does not serve, DataError for rows that it refuses.
    """
    with tempfile.TemporaryDirectory(prefix="pipeline-kit-predict-") as name:
        root = Path(name).resolve() / "root"
        unpack_root(blobs, image, root, above_base=True)
        server = serve_root(processes, image, root, find_python(configuration.python))
        try:
            readiness = wait_until_ready(server, START_SECONDS)
            if readiness.reason is not None:
                hint = "\n".join(server.lines()[-5:]) or None
                raise ModelError(f"the image does not serve: {readiness.reason}", hint=hint)
            return query(server, rows)
        finally:
            server.stop()
