"""Plans a project and prints the seconds without the start; a script for the kit's own interpreter."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pipeline_kit.plan.drawing import as_table
from pipeline_kit.project.open import open_project


def main(root: Path) -> None:
    """Reads, checks and plans the descriptor and draws the plan, as `pipeline-kit plan` does."""
    started = time.perf_counter()
    as_table(open_project(root).plan)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
