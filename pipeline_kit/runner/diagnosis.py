"""What a failed process's last lines say: a category and the line that names the cause."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline_kit.errors import Category
from pipeline_kit.frozen import frozen


@frozen
class Cause:
    """Whose failure it was, and the line that says so."""

    category: Category
    line: str


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
    """The cause that the lines name, the most telling sign first, of one sign the last line; none where none does."""
    for category, sign in SIGNS:
        for line in reversed(lines):
            if re.search(sign, line):
                return Cause(category, line.strip()[:300])
    return None
