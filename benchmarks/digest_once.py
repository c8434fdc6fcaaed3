"""Digests files on some cores and prints the seconds; a script for the kit's own interpreter."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pipeline_kit.contract.digest import digest_files


def main(cores: str, paths: list[Path]) -> None:
    """Digests the files as a job does its data; `cores` are numbers of available cores, such as `0,1`."""
    available = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, [available[int(number)] for number in cores.split(",")])
    started = time.perf_counter()
    digest_files(paths)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(sys.argv[1], [Path(name) for name in sys.argv[2:]])
