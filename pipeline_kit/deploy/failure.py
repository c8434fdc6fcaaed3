"""Why a release failed, with the last lines of the container that explains most."""

from __future__ import annotations

from pipeline_kit.errors import Category, InfrastructureError, KitError, ModelError, ProjectError, TimeLimitError

CATEGORIES = {Category.MODEL: ModelError.category, Category.TIMEOUT: TimeLimitError.category}
"""Whatever else a pod fails by, the same release would fail by it again: no server needs to try it once more."""


class ReleaseError(KitError):
    """Instances did not become what they should be.

    `lines` are the last ones of the container that failed; `cause` is the line that explains most, and stays as it was
    when the message is amended by how the release ended.
    """

    def __init__(
        self,
        message: str,
        *,
        category: Category = Category.PROJECT,
        lines: tuple[str, ...] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.category = CATEGORIES.get(category, ProjectError.category)
        self.lines = lines
        self.cause = lines[-1] if lines else message


class UnreachedError(ReleaseError):
    """The API server leads to no pod that it calls ready: the same release may well succeed another time."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.category = InfrastructureError.category
