"""The variables in which both servers hand a secret to a job."""

from __future__ import annotations

PREFIX = "PIPELINE_KIT_SECRET_"


def secret_variable(name: str) -> str:
    """The variable of a secret by its name in the descriptor; of a user name and password the beginning of both."""
    return PREFIX + name.upper()
