"""What every file is looked at for, in an image and in a source tree: secrets, private files, pickles."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import IO

from pipeline_kit.scan.finding import Finding
from pipeline_kit.scan.pickles import check_pickle, may_be_pickle
from pipeline_kit.scan.secret_files import by_name, credentials_in, reads_as_credentials
from pipeline_kit.scan.secrets import LARGEST_CONTENT, PROBE, is_binary, secrets_in

Opener = Callable[[], IO[bytes]]


@dataclass(slots=True)
class Seen:
    """What was looked at: files, their bytes, and those that were read in part or not at all."""

    files: int = 0
    size: int = 0
    partly: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)  # private ones, each reported once

    def check(self, path: str, size: int, opener: Opener) -> Iterator[Finding]:
        """The findings of one file's name and content."""
        self.files += 1
        self.size += size
        for finding in by_name(path, size):
            if finding.rule != "private_file" or finding.subject not in self.folders:
                self.folders.add(finding.subject)
                yield finding
        if size:
            yield from self._check_content(path, size, opener)

    def _check_content(self, path: str, size: int, opener: Opener) -> Iterator[Finding]:
        with opener() as file:
            head = file.read(PROBE)
            if may_be_pickle(path, head):
                file.seek(0)
                yield from check_pickle(path, file, size)
                file.seek(len(head))
            if size > LARGEST_CONTENT:
                self.partly.append(path)
            if size > LARGEST_CONTENT and is_binary(head):
                return  # a model or a library: no text that could hold a secret is as large
            content = head + file.read(LARGEST_CONTENT - len(head))
        credentials = list(credentials_in(path, content)) if reads_as_credentials(path) else []
        yield from credentials or secrets_in(path, content)
