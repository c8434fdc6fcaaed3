"""Digests files on some of the cores and prints the seconds: run by the kit's own interpreter, as a script."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from pipeline_kit.contract.digest import digest_files


def main(cores: str, paths: list[Path]) -> None:
    """Digests the files as a job does its data; `cores` are their numbers among those there are, such as `0,1`."""
    there = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, [there[int(number)] for number in cores.split(",")])
    started = time.perf_counter()
    digest_files(paths)
    print(time.perf_counter() - started)


if __name__ == "__main__":
    main(sys.argv[1], [Path(each) for each in sys.argv[2:]])
