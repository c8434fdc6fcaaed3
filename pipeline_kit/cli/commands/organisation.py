"""`pipeline-kit organisation update`: the organisation's file fetched, vendored and pinned."""

from __future__ import annotations

import argparse

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.adapters.git.organisation import fetch_from
from pipeline_kit.cli.output import say
from pipeline_kit.descriptor.load import organisation_source
from pipeline_kit.descriptor.organisation import DESCRIPTOR, VENDORED, pinned, vendor


def execute(arguments: argparse.Namespace) -> int:
    """Writes the copy beside the descriptor, then its digest into the descriptor."""
    root = arguments.directory.resolve()
    source = organisation_source(root)
    text, digest = vendor(source, fetch_from(root))
    descriptor = root / DESCRIPTOR
    write_atomically(root / VENDORED, text)
    write_atomically(descriptor, pinned(descriptor.read_bytes(), digest))
    say(f"{VENDORED} is {source}, {digest}: commit it and {DESCRIPTOR}")
    return 0
