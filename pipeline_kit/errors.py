"""The kit's one error root, and the words by which every failure is filed."""

from __future__ import annotations

from enum import Enum


class Category(Enum):
    """Whose failure it is; every failed result carries one."""

    CONFIG = "config"
    PROJECT = "project"
    DATA = "data"
    MODEL = "model"
    INFRASTRUCTURE = "infrastructure"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    INTERNAL = "internal"


class KitError(Exception):
    """A failure that the kit explains: what went wrong, where, and what to do next.

    `message` says what and where in one sentence, `hint` the next step. The command
    line shows both and never a traceback; anything else that escapes is a fault of the kit.
    """

    category = Category.CONFIG

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(KitError):
    """The command line or the descriptor is wrong (exit code 2)."""


class ProjectError(KitError):
    """The project failed: its code, its tests or its environment (exit code 1)."""

    category = Category.PROJECT


class DataError(KitError):
    """A dataset or a table of predictions is missing, damaged or not what was declared (exit code 1)."""

    category = Category.DATA


class ModelError(KitError):
    """A model or a package of one is missing, damaged or not the one that was judged (exit code 1)."""

    category = Category.MODEL


class InfrastructureError(KitError):
    """A registry, store, network or disk failed after the kit's own retries (exit code 3)."""

    category = Category.INFRASTRUCTURE


class TimeLimitError(KitError):
    """A job ran into the kit's own time limit (exit code 1)."""

    category = Category.TIMEOUT
