"""What `verify` proved of an image, as JSON and as lines. Pure."""

from __future__ import annotations

from pipeline_kit.images.verify.image import Verified

UNSIGNED = "by digests only: who made the image was not checked"


def document_of(verified: Verified) -> dict[str, object]:
    """What was proved, as JSON has it."""
    return {
        "image": verified.digest,
        "signed": verified.signed,
        "key": verified.key,
        "project": verified.project,
        "model": verified.model_digest,
        "package": verified.package,
        "commit": verified.commit,
        "verdict": verified.verdict,
        "kit": verified.kit,
        "sbom": verified.sbom,
        "layers": verified.layers,
        "files": verified.files,
        "ignored": list(verified.ignored),
        "statement": verified.statement.document if verified.statement else None,
    }


def lines_of(verified: Verified) -> list[str]:
    """What was proved, to be read."""
    statement = verified.statement
    lines = [
        f"verified {verified.digest}",
        f"  project {verified.project}, verdict {verified.verdict}, commit {verified.commit or 'unknown'}",
        f"  model   {verified.model_digest}",
        f"  package {verified.package}",
        f"  {verified.layers} layers and {verified.files} files of model, code and manifest are what they should be",
    ]
    if statement is not None and verified.signed:
        data = [f"{name} {digest}" for name, digest in statement.dependencies.items() if name.startswith("data/")]
        lines += [f"  {item}" for item in data]
    sbom = f"is {verified.sbom}" if verified.sbom else "is not attached"
    lines.append(f"  SBOM {sbom}")
    who = f"signed by the key {verified.key}, with pipeline-kit {verified.kit}" if verified.signed else UNSIGNED
    return [*lines, *(f"  ignored: {item}" for item in verified.ignored), f"  {who}"]
