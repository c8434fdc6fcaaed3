"""Writes the reference pages; with the word `readme` the README's transcript, with `picture` its picture.

python docs/generate.py          writes docs/reference/
python docs/generate.py --check  writes nothing; exits 1 where a page is not what its source says
python docs/generate.py readme   runs the demo and writes its end into README.md
python docs/generate.py picture  runs the demo and writes docs/_static/report.png; needs Chromium
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from generator.commands import commands_page
from generator.descriptor import descriptor_page
from generator.documents import document_pages
from generator.exit_codes import exit_codes_page
from generator.markdown import fenced, page, table
from generator.picture import take
from generator.readme import DEMO, copy_of, transcript, with_transcript
from generator.stages import built_in, stage_pages

DOCS = Path(__file__).resolve().parent
REFERENCE = DOCS / "reference"
CONTENTS = (
    ("descriptor", "Every key of `pipeline-kit.yml`."),
    ("stages", "What each stage does, takes and leaves."),
    ("commands", "Every command and its options."),
    ("exit-codes", "Exit codes and categories of failure."),
    ("result-json", "What every job leaves."),
    ("metrics-json", "What `evaluate` measures."),
    ("verdict-json", "What `gate` decides."),
    ("manifest-json", "What a package says of itself."),
    ("stage-file", "The format of a stage of your own."),
)


def pages() -> Mapping[str, str]:
    """Every reference page: its path in docs/reference/ and its text."""
    return {
        "index.md": index_page(),
        "descriptor.md": descriptor_page(),
        "commands.md": commands_page(),
        "exit-codes.md": exit_codes_page(),
        **dict(stage_pages(built_in())),
        **dict(document_pages()),
    }


def index_page() -> str:
    """The list of the reference pages."""
    return page(
        "Reference",
        "Made from what the kit itself reads: the stages' files, the parser, the parameters that check the descriptor, "
        "and the code that writes the documents.",
        table(("page", "what it has"), [(f"[{name}]({name}.md)", about) for name, about in CONTENTS]),
        fenced("{toctree}", ":hidden:\n\n" + "\n".join(name for name, _ in CONTENTS)),
    )


def stale(folder: Path, wanted: Mapping[str, str]) -> list[str]:
    """The pages in a folder that are missing, different or of nothing."""
    result = {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in folder.rglob("*.md")}
    return sorted(name for name in {*result, *wanted} if result.get(name) != wanted.get(name))


def write(folder: Path, wanted: Mapping[str, str]) -> None:
    """Makes the folder hold these pages and no others."""
    for name in stale(folder, wanted):
        if name in wanted:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(wanted[name], encoding="utf-8")
        else:
            (folder / name).unlink()


def main(arguments: Sequence[str]) -> int:
    """What the first word asks for."""
    if list(arguments) == ["readme"]:
        readme = DOCS.parent / "README.md"
        with tempfile.TemporaryDirectory() as folder:
            text = transcript(DOCS.parent, copy_of(DOCS.parent / DEMO, Path(folder)))
        readme.write_text(with_transcript(readme.read_text(encoding="utf-8"), text), encoding="utf-8")
        return 0
    if list(arguments) == ["picture"]:
        take(DOCS.parent, DOCS / "_static" / "report.png")
        return 0
    if list(arguments) == ["--check"]:
        names = stale(REFERENCE, pages())
        print("\n".join(f"docs/reference/{name} is not what its source says" for name in names) or "up to date")
        return 1 if names else 0
    write(REFERENCE, pages())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
