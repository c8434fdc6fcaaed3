"""`pipeline-kit config`: the descriptor as it counts, and where each of its values comes from."""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.descriptor.origin import Setting
from pipeline_kit.descriptor.parameter import Value
from pipeline_kit.descriptor.printing import as_yaml
from pipeline_kit.project.effective import settled
from pipeline_kit.project.open import open_project


def execute(arguments: argparse.Namespace) -> int:
    """Prints the merged and checked descriptor, as YAML or as JSON."""
    setting = settled(open_project(arguments.directory))
    if arguments.json:
        say_json(as_json(setting, origins=arguments.origin))
    else:
        say(as_yaml(setting, origins=arguments.origin), end="")
    return 0


def as_json(setting: Setting, *, origins: bool) -> Mapping[str, Value]:
    """The descriptor, and with `origins` a list of every value's path, layer, file and line."""
    if not origins:
        return {"descriptor": setting.plain()}
    return {
        "descriptor": setting.plain(),
        "origins": [
            {
                "path": ".".join(path),
                "layer": item.origin.layer.value,
                "environment": item.origin.environment,
                "file": item.origin.position.file if item.origin.position else None,
                "line": item.origin.position.line if item.origin.position else None,
                "locked": item.origin.locked,
            }
            for path, item in setting.leaves()
        ],
    }
