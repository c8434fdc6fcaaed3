"""`pipeline-kit schema`: the descriptor's JSON Schema."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.output import say_json
from pipeline_kit.descriptor.schema import json_schema
from pipeline_kit.project.open import catalog_of


def execute(arguments: argparse.Namespace) -> int:
    """Prints the schema, with the stages that this directory adds."""
    say_json(json_schema(catalog_of(arguments.directory)))
    return 0
