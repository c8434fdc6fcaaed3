"""`pipeline-kit keys`: a new pair of keys to sign images with, and where each of them belongs."""

from __future__ import annotations

import argparse
import os
import textwrap
from collections.abc import Sequence
from pathlib import Path

from pipeline_kit.cli.output import say
from pipeline_kit.cli.servers import plugins_in
from pipeline_kit.errors import UsageError
from pipeline_kit.images.verify.signature import make_keys
from pipeline_kit.servers import SERVERS

PRIVATE, PUBLIC = "signing.key", "signing.pub"
ABOUT_PRIVATE = (
    "the private key: put its text into a secret of the CI server, and delete the file.",
    "Name it under `secrets` in pipeline-kit.yml, and in the job of the stage sign.",
)
ABOUT_PUBLIC = (
    "the public key: commit it, name it as `key` of the jobs of the stage deploy, and hand it to whoever verifies:\n"
    "  pipeline-kit verify IMAGE --key {public}"
)
WIDTH = 120


def execute(arguments: argparse.Namespace) -> int:
    """Writes the pair into a folder, where none is overwritten, and says what to do with it."""
    folder: Path = arguments.folder
    private, public = folder / PRIVATE, folder / PUBLIC
    for path in (private, public):
        if path.exists() or path.is_symlink():
            hint = "a key that images are signed with is lost with its file; name another folder"
            raise UsageError(f"{path} is there already", hint=hint)
    folder.mkdir(parents=True, exist_ok=True)
    pair = make_keys()
    write_new(private, pair.private, 0o600)
    write_new(public, pair.public, 0o644)
    servers = SERVERS.all(plugins_in(arguments.directory)).values()
    say(f"{private}\n{about_private(private, [server.secret_advice for server in servers])}")
    say(f"{public}\n  {ABOUT_PUBLIC.format(public=public)}")
    say(f"its id is {pair.id}")
    return 0


def about_private(path: Path, advice: Sequence[str]) -> str:
    """What to do with the private key, on any server and on each."""
    first, last = ABOUT_PRIVATE
    text = " ".join([first, *(sentence.format(file=path) for sentence in advice if sentence), last])
    indent = "  "
    return textwrap.fill(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Writes a file that is not there, never readable by others than its mode says."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
        file.write(content)
