"""The page of exit codes, from the constants that end a job."""

from __future__ import annotations

from collections.abc import Mapping

from generator.markdown import code, page, table
from pipeline_kit.errors import Category
from pipeline_kit.runner import exit_codes

MEANINGS = {
    "PASSED": ("passed", "no"),
    "FAILED": ("the project failed: tests red, gate not met, data refused, the kit's own time limit", "no"),
    "USAGE": ("the descriptor or the command line is wrong", "no"),
    "INFRASTRUCTURE": ("registry, store, network or disk failed, after the kit's own retries", "once more"),
    "UNDECIDED": ("the evidence is too thin; stops what depends on it exactly as a failure does", "no"),
    "INTERNAL": ("a fault of the kit or of a stage, with its traceback in the log", "no"),
    "INTERRUPTED": ("interrupted by Ctrl-C (SIGINT)", "no"),
    "TERMINATED": ("interrupted by SIGTERM", "no"),
}
CATEGORIES = {
    Category.CONFIG: "The descriptor, a missing secret, a wrong option.",
    Category.PROJECT: "The project's code, tests or environment.",
    Category.DATA: "A dataset or a table of predictions: missing, damaged, not what was declared.",
    Category.MODEL: "The model: a gate that is not met, a loss that is no number, a package that does not fit.",
    Category.INFRASTRUCTURE: "A registry, store, network or disk; a GPU that ran out of memory.",
    Category.TIMEOUT: "The job's own `timeout`, which ends five minutes before the server's.",
    Category.INTERRUPTED: "A signal.",
    Category.INTERNAL: "The kit or a stage.",
}


def exit_codes_page() -> str:
    """Exit codes and categories. Raises KeyError where one has no meaning here, or a meaning is of none."""
    codes = constants()
    if different := set(codes) ^ set(MEANINGS):
        raise KeyError(f"exit codes: {sorted(different)}")
    rows = [(f"**{number}**", *MEANINGS[name]) for name, number in sorted(codes.items(), key=lambda item: item[1])]
    return page(
        "Exit codes",
        "Of `pipeline-kit job` and `pipeline-kit run`, on every executor. A command of the project's own never lets "
        "its exit code through.",
        table(("exit code", "what it means", "tried again by the server"), rows),
        f"`run` ends with the worst of its jobs': {worst_first()}.",
        "## Categories",
        "`category` in [`result.json`](result-json.md) says whose failure it was.",
        table(("category", "whose failure it is", "exit code"), category_rows()),
        "Other commands exit 0, or 1 where what they were asked does not hold (`render --check`), or 2 and 3 as above.",
    )


def constants() -> Mapping[str, int]:
    """The exit codes by the names that the code gives them."""
    return {name: value for name, value in vars(exit_codes).items() if name.isupper() and isinstance(value, int)}


def worst_first() -> str:
    """The order in which exit codes outweigh each other."""
    return ", ".join(str(number) for number in exit_codes.WORST_FIRST)


def category_rows() -> list[tuple[str, str, str]]:
    """Each category with its exit code; a signal's is 128 and its number."""
    rows = []
    for category in Category:
        number = str(exit_codes.BY_CATEGORY.get(category, exit_codes.FAILED))
        if category is Category.INTERRUPTED:
            number = f"{exit_codes.INTERRUPTED}, {exit_codes.TERMINATED}"
        rows.append((code(category.value), CATEGORIES[category], number))
    return rows
