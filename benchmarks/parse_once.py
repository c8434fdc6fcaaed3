"""Reads a CI file once and prints the seconds of processor time: run by the peers' interpreter, as a script.

YAML is loaded by PyYAML, Groovy is split into tokens by Pygments; Copier depends on both, so both are installed.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import yaml
from pygments.lexers.jvm import GroovyLexer


def main(path: Path) -> None:
    """Chooses the parser by the file's name."""
    text = path.read_text(encoding="utf-8")
    started = time.process_time()
    if path.suffix == ".yml":
        yaml.safe_load(text)
    else:
        list(GroovyLexer().get_tokens(text))
    print(time.process_time() - started)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
