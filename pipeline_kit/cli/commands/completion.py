"""`pipeline-kit completion`: a completion script for a shell."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.parser import build_parser


def execute(arguments: argparse.Namespace) -> int:
    """Prints the script; its first line says how to load it."""
    import shtab

    print(f"# load it: pipeline-kit completion {arguments.shell} > FILE, and let the shell read FILE at its start")
    print(shtab.complete(build_parser(), arguments.shell))
    return 0
