"""`pipeline-kit schema`: the descriptor's JSON Schema."""

from __future__ import annotations

import argparse
import json

from pipeline_kit.descriptor.schema import json_schema
from pipeline_kit.project.open import catalog_of


def execute(arguments: argparse.Namespace) -> int:
    """Prints the schema, with the stages that this directory adds."""
    print(json.dumps(json_schema(catalog_of(arguments.directory)), indent=2))
    return 0
