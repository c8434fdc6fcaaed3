"""From a request for predictions to the predictions: the image, the rows, and the server that answers."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipeline_kit.catalog import Catalog
from pipeline_kit.deploy.target import Log
from pipeline_kit.descriptor.load import load_descriptor
from pipeline_kit.descriptor.model import Descriptor
from pipeline_kit.descriptor.organisation import DESCRIPTOR
from pipeline_kit.errors import ModelError, UsageError
from pipeline_kit.images.oci.source import open_image
from pipeline_kit.images.serve.running import Configuration, read_configuration
from pipeline_kit.project.predict.exchange import Row
from pipeline_kit.project.predict.image import newest_image
from pipeline_kit.project.predict.rows import first_row, read_rows, target_columns
from pipeline_kit.project.predict.server import query, serve_and_query
from pipeline_kit.runner.folders import folders_of
from pipeline_kit.runner.world import world_for

if TYPE_CHECKING:
    from pipeline_kit.project.live import LiveImage


@dataclass(frozen=True, slots=True)
class PredictRequest:
    """What to predict, and by which image: one that is named, one that is live, else the newest that was built here.

    `rows` is a file; without one, the first row of an evaluated dataset is predicted.
    """

    directory: Path
    image: str | None = None
    environment: str | None = None
    rows: Path | None = None


@dataclass(frozen=True, slots=True)
class Predictions:
    """Predictions in the order of the rows, and the digests of the image and the model that gave them."""

    image: str
    model: str
    rows: tuple[Row, ...]


def predict(request: PredictRequest, log: Log) -> Predictions:
    """Sends the rows to the image, run as a local process, or to an instance of what is live.

    Raises UsageError where the request does not fit the project, DataError for rows that the image refuses, ModelError
    where the image does not serve or another model than the released one answers.
    """
    if request.image is not None and request.environment is not None:
        raise UsageError("an image and an environment are named", hint="leave out one of them")
    root = request.directory.resolve()
    live = None if request.environment is None else find_live(request.directory, request.environment, log)
    descriptor = load_descriptor(root, Catalog(root)) if (root / DESCRIPTOR).is_file() else None
    world = world_for(descriptor, dict(os.environ))
    source = live.image if live is not None else request.image or newest_image(folders_of(root))
    blobs, image = open_image(source, root, world.registries)
    configuration = read_configuration(blobs, image)
    rows = _rows(request, root, descriptor, configuration)
    if live is None:
        predictions, model = serve_and_query(world.processes(), blobs, image, configuration, rows)
    else:
        predictions, model = query(live.pod(), rows)
        if model != live.content.model_digest:
            message = f"the pod answers by the model {model}, and {live.content.model_digest} was released"
            raise ModelError(message, hint="`pipeline-kit deploy` repairs changes by others")
    return Predictions(image.digest, model, predictions)


def _rows(
    request: PredictRequest, root: Path, descriptor: Descriptor | None, configuration: Configuration
) -> Sequence[Row]:
    if request.rows is None:
        return first_row(descriptor, root, configuration)
    return read_rows(request.rows, configuration, target_columns(descriptor))


def find_live(directory: Path, environment: str, log: Log) -> LiveImage:
    """The image that is live in an environment."""
    from pipeline_kit.project.live import LiveImage

    return LiveImage.find(directory, environment, log)
