"""People's decisions on undecided evidence: stored in the repository by the evidence's digest."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.contract.untrusted_json import parse_json
from pipeline_kit.errors import DataError, UsageError

FILE = "pipeline-kit.decisions.json"


def read_decisions(root: Path) -> dict[str, str]:
    """The recorded decisions by evidence digest. Raises UsageError where the file is malformed."""
    return {entry["evidence"]: f"{entry['reason']} ({entry['by']})" for entry in read_entries(root)}


def read_entries(root: Path) -> list[dict[str, str]]:
    """The file's entries, oldest first."""
    path = root / FILE
    try:
        entries = parse_json(path.read_bytes(), FILE)["decisions"]
        for entry in entries:
            if not (entry["evidence"].startswith(PREFIX) and entry["reason"].strip() and entry["by"].strip()):
                raise ValueError(f"an entry lacks evidence, reason or by: {entry}")
    except FileNotFoundError:
        return []
    except (DataError, OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{FILE} is malformed: {error}", hint="restore it from git") from error
    return list(entries)


def record_decision(root: Path, evidence: str, reason: str, by: str) -> None:
    """Adds a decision. Raises UsageError where this evidence has one, or the reason or name is empty."""
    entries = read_entries(root)
    if not reason.strip() or not by.strip():
        raise UsageError("a decision needs a reason and a name", hint="--reason 'why this may pass' --by 'your name'")
    if any(entry["evidence"] == evidence for entry in entries):
        raise UsageError(f"{FILE} already has a decision for this evidence", hint="remove that entry to decide anew")
    entries.append({"evidence": evidence, "reason": reason.strip(), "by": by.strip()})
    text = json.dumps({"decisions": entries}, indent=2, ensure_ascii=False)
    write_atomically(root / FILE, text + "\n")
