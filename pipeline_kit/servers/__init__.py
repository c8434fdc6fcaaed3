"""CI servers, a folder each: what one knows, no other does, and nothing outside of this package names one."""

from __future__ import annotations
