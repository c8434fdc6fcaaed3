"""Finds the cause of a failed process in its last lines: a category and the line that names it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline_kit.errors import Category
from pipeline_kit.frozen import frozen


@frozen
class Cause:
    """The category of a failure, and the line that shows it."""

    category: Category
    line: str


ENDS = 400
"""Characters at the beginning and at the end of a line that are searched: the expressions take the square of a line's
length in the worst case.
"""
SIGNS: tuple[tuple[Category, str], ...] = (
    (
        Category.INFRASTRUCTURE,
        r"CUDA out of memory|CUDA error: out of memory|OutOfMemoryError|CUBLAS_STATUS_ALLOC_FAILED",
    ),
    (Category.INFRASTRUCTURE, r"No space left on device|Disk quota exceeded|ENOSPC"),
    (Category.INFRASTRUCTURE, r"ImagePullBackOff|ErrImagePull|manifest unknown|toomanyrequests"),
    (Category.INFRASTRUCTURE, r"exceeded quota|[Ii]nsufficient (?:cpu|memory|nvidia)|ResourceExhausted"),
    (Category.INFRASTRUCTURE, r"(?i)unauthori[sz]ed|authentication required|\b403\b.*forbidden"),
    (
        Category.INFRASTRUCTURE,
        r"Temporary failure in name resolution|Connection (?:reset|refused|timed out)|Read timed out"
        r"|RemoteDisconnected|503 Service Unavailable|Network is unreachable",
    ),
    (Category.INFRASTRUCTURE, r"CUDA driver version is insufficient|no CUDA-capable device|Found no NVIDIA driver"),
    (Category.MODEL, r"CrashLoopBackOff"),
    (Category.MODEL, r"(?i)loss (?:is|became|was|=|:)\s*(?:nan|inf)|non-finite loss|NaN or Inf found"),
    (Category.DATA, r"(?:FileNotFoundError|No such file or directory).*(?:data|\.csv|\.parquet|\.npz)"),
    (Category.DATA, r"KeyError: .*(?:column|not in index)|ParserError|EmptyDataError"),
    (Category.PROJECT, r"MemoryError|Killed|oom-kill|Cannot allocate memory"),
    (Category.PROJECT, r"ModuleNotFoundError|ImportError|SyntaxError"),
    (Category.PROJECT, r"^\w*(?:Error|Exception)\b.*"),
)


def diagnose(lines: Sequence[str]) -> Cause | None:
    """The cause that the lines show: the first of SIGNS that occurs, in its last line; None without any."""
    shown = [line if len(line) <= 2 * ENDS else f"{line[:ENDS]} {line[-ENDS:]}" for line in reversed(lines)]
    for category, sign in SIGNS:
        for line in shown:
            if re.search(sign, line):
                return Cause(category, line.strip()[:300])
    return None
