"""The examples' files that the kit's templates render: `python -m tests.examples.render` writes them again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pipeline_kit.render.scaffold import scaffold

EXAMPLES = Path(__file__).parents[2] / "examples"
PACKAGES = {"tabular": ("tumour_logistic", "model"), "lightning": ("digits_cnn", "digits")}
"""By profile: the example that is made like it, and the example's package."""
MODULES = ("rows.py", "served.py", "server.py")
OTHERS = ("serving.in", "serving.lock", "tests/test_server.py")


def rendered(profile: str) -> Mapping[Path, str]:
    """The text of each shared file of the profile's example."""
    name, package = PACKAGES[profile]
    files = scaffold(profile, package)
    paths = (*(f"{package}/{module}" for module in MODULES), *OTHERS)
    return {EXAMPLES / name / path: files[path] for path in paths}


if __name__ == "__main__":
    for profile in PACKAGES:
        for path, text in rendered(profile).items():
            path.write_text(text, encoding="utf-8")
