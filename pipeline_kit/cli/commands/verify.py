"""`pipeline-kit verify`: proves that an image holds what was judged, unchanged, and that our key says so."""

from __future__ import annotations

import argparse

from pipeline_kit.cli.output import say, say_json
from pipeline_kit.errors import UsageError
from pipeline_kit.project.shown.proof import document_of, lines_of
from pipeline_kit.project.verification import VerifyRequest, verify


def execute(arguments: argparse.Namespace) -> int:
    """Verifies the image and prints what was proved; what does not hold ends with the exit code 1."""
    if bool(arguments.key) == arguments.unsigned:
        hint = "--key FILE gives the public key of who signs; --unsigned checks digests only, not who made the image"
        raise UsageError("say either by which key the image is verified, or that none is wanted", hint=hint)
    keys = arguments.key or ()
    request = VerifyRequest(
        arguments.directory, arguments.image, keys, arguments.attestation, unsigned=arguments.unsigned
    )
    verified, expected = verify(request)
    if arguments.json:
        say_json(document_of(verified))
    else:
        say("\n".join(lines_of(verified)))
        if expected is not None and expected != verified.digest:
            say(f"  the tag {expected} may lead to another image tomorrow: deploy {verified.digest}")
    return 0
