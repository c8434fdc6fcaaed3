"""Which images of a repository may be removed: old builds that nothing but their own build has ever named."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BUILD = "build-"
"""How the tag begins that each push gives its image. Any other tag keeps an image: people and releases set those."""


@dataclass(frozen=True, slots=True)
class TaggedImage:
    """An image of the repository: its digest, all its tags, and when it was made (seconds since 1970)."""

    digest: str
    tags: tuple[str, ...]
    created: int


def removable(images: Sequence[TaggedImage], keep_last: int) -> tuple[TaggedImage, ...]:
    """The images that may go, oldest first: all but the newest `keep_last` of those with build tags alone.

    Raises ValueError for fewer than one to keep: the image just pushed would go too.
    """
    if keep_last < 1:
        raise ValueError("at least one build is kept")
    builds = [image for image in images if image.tags and all(tag.startswith(BUILD) for tag in image.tags)]
    newest_first = sorted(builds, key=lambda each: (each.created, each.digest), reverse=True)
    return tuple(reversed(newest_first[keep_last:]))
