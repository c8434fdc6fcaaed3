"""The README's picture: the report of the demo, as a browser shows it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from generator.readme import DEMO, copy_of, typed

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
WIDTH, HEIGHT = 1200, 900
"""The visible part of the report, in pixels: plan, jobs, and the beginning of the verdict."""


def take(root: Path, target: Path) -> None:
    """Runs the demo in a copy and writes the picture of its report. Raises RuntimeError without a browser."""
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        raise RuntimeError(f"the picture needs one of {', '.join(BROWSERS)}")
    with tempfile.TemporaryDirectory() as folder:
        example = copy_of(root / DEMO, Path(folder))
        typed(root, example, "run")
        report = example / ".pipeline-kit" / "report" / "report.html"
        options = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--hide-scrollbars",
            f"--user-data-dir={folder}/browser",
        ]
        picture = [f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={target}", report.as_uri()]
        subprocess.run([browser, *options, *picture], check=True, capture_output=True, timeout=120)
