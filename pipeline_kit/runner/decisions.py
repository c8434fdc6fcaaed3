"""What people decided where the evidence did not: kept in the repository, keyed by the evidence's digest."""

from __future__ import annotations

import json
from pathlib import Path

from pipeline_kit.adapters.files import write_atomically
from pipeline_kit.contract.digest import PREFIX
from pipeline_kit.errors import UsageError

FILE = "pipeline-kit.decisions.json"


def read_decisions(root: Path) -> dict[str, str]:
    """Evidence digest to the recorded decision's text. Raises UsageError when the file is damaged."""
    return {each["evidence"]: f"{each['reason']} ({each['by']})" for each in read_entries(root)}


def read_entries(root: Path) -> list[dict[str, str]]:
    """The file's entries, oldest first."""
    path = root / FILE
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["decisions"]
        for each in entries:
            if not (each["evidence"].startswith(PREFIX) and each["reason"].strip() and each["by"].strip()):
                raise ValueError(f"an entry lacks evidence, reason or by: {each}")
    except FileNotFoundError:
        return []
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"{FILE} is damaged: {error}", hint="take it back from git") from error
    return list(entries)


def record_decision(root: Path, evidence: str, reason: str, by: str) -> None:
    """Adds a decision. Raises UsageError where one for this evidence stands already, or no reason is given."""
    entries = read_entries(root)
    if not reason.strip() or not by.strip():
        raise UsageError("a decision needs a reason and a name", hint="--reason 'why this may pass' --by 'your name'")
    if any(each["evidence"] == evidence for each in entries):
        raise UsageError(f"a decision for this evidence stands already in {FILE}")
    entries.append({"evidence": evidence, "reason": reason.strip(), "by": by.strip()})
    text = json.dumps({"decisions": entries}, indent=2, ensure_ascii=False)
    write_atomically(root / FILE, text + "\n")
