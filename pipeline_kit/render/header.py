"""The two lines above every CI file that the kit renders."""

from __future__ import annotations

from pipeline_kit import __version__
from pipeline_kit.contract.digest import digest_bytes


def headed(body: str, comment: str) -> str:
    """The body under its header; `comment` begins a line of comment. The digest is of the body, to detect an edit."""
    digest = digest_bytes(body.encode())
    return (
        f"{comment} Rendered by pipeline-kit {__version__} from pipeline-kit.yml, {digest}.\n"
        f"{comment} Do not edit: change pipeline-kit.yml and run `pipeline-kit render`.\n{body}"
    )


def edited_by_hand(text: str) -> bool:
    """Whether a file that the kit rendered has been changed since; false for a file without the kit's header."""
    first, _, rest = text.partition("\n")
    _, _, body = rest.partition("\n")
    _, declared, digest = first.partition("from pipeline-kit.yml, ")
    return bool(declared) and digest.removesuffix(".") != digest_bytes(body.encode())
