"""What a model predicts."""

from __future__ import annotations

from enum import Enum


class Task(Enum):
    """What a model predicts."""

    BINARY = "binary"
    MULTICLASS = "multiclass"
    REGRESSION = "regression"
