"""`pipeline-kit predict`: predictions from an image, run as a plain process, or from a pod of a release."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.output import log, say, say_json
from pipeline_kit.deploy.deployer import silent
from pipeline_kit.project.predict.predict import PredictRequest, predict
from pipeline_kit.project.predict.table import table_lines


def execute(arguments: argparse.Namespace) -> int:
    """Sends rows to the image, or to a pod that serves it, and prints what was predicted and by which model."""
    request = PredictRequest(arguments.directory, arguments.image, arguments.environment, arguments.rows)
    result = predict(request, silent if arguments.json else log)
    if arguments.json:
        document = {"image": result.image, "model": result.model, "predictions": list(result.rows)}
        say_json(document)
    else:
        say("\n".join(table_lines(result.rows)))
        say(f"by the model {result.model}\nof the image {result.image}")
    return 0
