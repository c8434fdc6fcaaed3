"""Lints a CI file and prints the seconds of processor time: run by the kit's own interpreter, as a script."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pipeline_kit.servers.lint import check_file


def main(path: Path) -> None:
    """Raises RuntimeError where the file has findings: a file that is refused early does not count."""
    content = path.read_bytes()
    check_file(path.name, content)  # loads the rules, which does not count
    started = time.process_time()
    findings = check_file(path.name, content)
    print(time.process_time() - started)
    if findings:
        raise RuntimeError(f"{path.name} has {len(findings)} findings")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
