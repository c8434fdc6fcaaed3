"""How CI files differ from the descriptor, and what was written, as lines and as JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pipeline_kit.render.drift import Drift
from pipeline_kit.render.project import RenderedProject


def as_json(rendered: RenderedProject, found: Sequence[Drift]) -> Mapping[str, object]:
    """The result for a machine."""
    return {
        "drift": [{"file": drift.path, "meanings": list(drift.meanings), "diff": drift.diff} for drift in found],
        "server_settings_needed": list(rendered.settings_needed),
        "barriers": list(rendered.barriers),
    }


def drift_lines(found: Sequence[Drift], *, diff: bool) -> Iterator[str]:
    """What differs: as sentences, and with `diff` as a diff too."""
    for drift in found:
        if diff:
            yield drift.diff.removesuffix("\n")
        yield f"{drift.path} differs from the descriptor:"
        yield from (f"  {meaning}" for meaning in drift.meanings)
    if found and not diff:
        yield "run `pipeline-kit render` and commit the result"
    if not found:
        yield "every file is what the descriptor renders"


def written_lines(rendered: RenderedProject, found: Sequence[Drift]) -> Iterator[str]:
    """What was written, and what no file can hold."""
    written = {drift.path for drift in found}
    yield from (f"{'wrote' if name in written else 'unchanged'} {name}" for name in rendered.files)
    for title, lines in (("server settings needed", rendered.settings_needed), ("order added", rendered.barriers)):
        if lines:
            yield f"{title}:"
        yield from (f"  {line}" for line in lines)
