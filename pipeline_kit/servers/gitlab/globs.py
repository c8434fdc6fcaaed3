"""Globs of `changes` in GitLab's form, and back."""

from __future__ import annotations


def change_globs(glob: str) -> tuple[str, ...]:
    """A glob of the descriptor in GitLab's form, where `**` crosses folders only before a slash.

    A glob that names a folder means all within it.
    """
    base = glob.rstrip("/")
    if base == "**" or base.endswith("/**"):
        return (f"{base}/*",)
    return (base, f"{base}/**/*")


def folder_words(glob: str) -> str:
    """A glob of `changes` as the descriptor has it: GitLab needs `src/**/*` for all within a folder."""
    return glob.removesuffix("/*") if glob.endswith("/**/*") else glob
