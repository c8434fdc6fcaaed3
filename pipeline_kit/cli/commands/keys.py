"""`pipeline-kit keys`: a new pair of keys to sign images with, and where each of them belongs."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from pipeline_kit.errors import UsageError
from pipeline_kit.images.signature import make_keys

PRIVATE, PUBLIC = "signing.key", "signing.pub"
ADVICE = """\
{private}
  the private key: put its text into a secret of the CI server, and delete the file. In GitLab a protected variable; for
  a masked one, which takes one line only, the output of `base64 -w 0 {private}`. In Jenkins a credential of the
  type secret file or secret text. Name it under `secrets` in pipeline-kit.yml, and in the job of the stage sign.
{public}
  the public key: commit it, name it as `key` of the jobs of the stage deploy, and hand it to whoever verifies:
  pipeline-kit verify IMAGE --key {public}
its id is {id}"""


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
    print(ADVICE.format(private=private, public=public, id=pair.id))
    return 0


def write_new(path: Path, content: bytes, mode: int) -> None:
    """Writes a file that is not there, never readable by others than its mode says."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode), "wb") as file:
        file.write(content)
