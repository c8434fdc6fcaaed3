"""A job's log: every line is masked, written to the job's folder and shown."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

KEPT_LINES = 200
SHOWN_CHARACTERS = 65_536


class Log:
    """Shows each line, keeps the last ones in `tail`, and writes all to a file between `open` and `close`."""

    def __init__(self, show: Callable[[str], None], mask: Callable[[str], str]) -> None:
        self.show = show
        self.mask = mask
        self.tail: deque[str] = deque(maxlen=KEPT_LINES)
        self._file: TextIOWrapper | None = None

    def open(self, path: Path) -> None:
        """Opens the file."""
        self.close()
        self._file = path.open("w", encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Closes the file."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __call__(self, line: str) -> None:
        """Logs a line."""
        masked = self.mask(line)[:SHOWN_CHARACTERS]
        self.tail.append(masked)
        if self._file is not None:
            self._file.write(masked + "\n")
            self._file.flush()
        self.show(masked)
