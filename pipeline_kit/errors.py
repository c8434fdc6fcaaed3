"""The root of the kit's errors, and the categories of failures."""

from __future__ import annotations

from enum import Enum


class Category(Enum):
    """Where a failure belongs; every failed result has one."""

    CONFIG = "config"
    PROJECT = "project"
    DATA = "data"
    MODEL = "model"
    INFRASTRUCTURE = "infrastructure"
    TIMEOUT = "timeout"
    INTERRUPTED = "interrupted"
    INTERNAL = "internal"


class KitError(Exception):
    """A failure that the kit explains.

    `message` names the thing, the place and the fault in one sentence; `hint` is the next step. The command line prints
    both and no traceback. Any other exception that escapes is a fault of the kit.
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
    """A dataset or a table of predictions is missing, malformed or differs from its declaration (exit code 1)."""

    category = Category.DATA


class ModelError(KitError):
    """A model or its package is missing, corrupt or not the one that was evaluated (exit code 1)."""

    category = Category.MODEL


class InfrastructureError(KitError):
    """A registry, store, network or disk failed after the kit's own retries (exit code 3)."""

    category = Category.INFRASTRUCTURE


class TimeLimitError(KitError):
    """A job exceeded the kit's own time limit (exit code 1)."""

    category = Category.TIMEOUT
