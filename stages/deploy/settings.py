"""The settings of a job that releases. The commands that release parse them too, so that the parser is below both."""

from __future__ import annotations

from pipeline_kit.deploy.settings import DeploySettings as Settings
from pipeline_kit.job_release.settings import settings_of

__all__ = ["Settings", "settings_of"]
