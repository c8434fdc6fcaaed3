"""Sphinx's configuration: MyST pages, the theme furo, nothing from the network."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pipeline_kit import __version__

project = "pipeline-kit"
release = version = __version__
extensions = ["myst_parser"]
exclude_patterns = ["generator", "progress"]
html_theme = "furo"
html_title = "pipeline-kit"
html_show_sphinx = False
html_copy_source = False
html_show_copyright = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {"navigation_with_keys": True, "top_of_page_buttons": []}
myst_heading_anchors = 3
smartquotes = False  # `--option` stays two dashes
suppress_warnings = ["misc.highlighting_failure"]  # an excerpt with `...` is not whole
pygments_style = "friendly"
pygments_dark_style = "monokai"
