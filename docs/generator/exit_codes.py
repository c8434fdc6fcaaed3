"""The page of exit codes, from their table."""

from __future__ import annotations

from generator.markdown import code, page, table
from pipeline_kit.errors import Category
from pipeline_kit.runner.exit_codes import BY_CATEGORY, ExitCode
from pipeline_kit.runner.stop import STOPPING

CATEGORIES = {
    Category.CONFIG: "The descriptor, a missing secret, a wrong option.",
    Category.PROJECT: "The project's code, tests or environment.",
    Category.DATA: "A dataset or a table of predictions: missing, damaged, not what was declared.",
    Category.MODEL: "The model: a gate that is not met, a loss that is not a number, a package that does not fit.",
    Category.INFRASTRUCTURE: "A registry, store, network or disk; a GPU that ran out of memory.",
    Category.TIMEOUT: "The job's own `timeout`, which ends five minutes before the server's.",
    Category.INTERRUPTED: "A signal.",
    Category.INTERNAL: "The kit or a stage.",
}


def exit_codes_page() -> str:
    """Exit codes and categories. Raises KeyError for a category without a description."""
    rows = [(f"**{row.value}**", row.meaning, row.retried) for row in sorted(ExitCode)]
    worst_first = ", ".join(str(row.value) for row in ExitCode)
    return page(
        "Exit codes",
        "Of `pipeline-kit job` and `pipeline-kit run`, on every executor. The exit code of a command of the project is "
        "never passed on.",
        table(("exit code", "meaning", "retried by the server"), rows),
        f"`run` ends with the worst of its jobs' exit codes: {worst_first}.",
        "## Categories",
        "`category` in [`result.json`](result-json.md) says where the failure belongs.",
        table(("category", "cause of the failure", "exit code"), category_rows()),
        "Other commands exit 0, or 1 where their check fails (`render --check`), or 2 and 3 as above.",
    )


def category_rows() -> list[tuple[str, str, str]]:
    """Each category with its exit code; a signal's is 128 and its number."""
    rows = []
    for category in Category:
        number = str(BY_CATEGORY[category].value)
        if category is Category.INTERRUPTED:
            number = ", ".join(str(128 + signal) for signal in sorted(STOPPING))
        rows.append((code(category.value), CATEGORIES[category], number))
    return rows
