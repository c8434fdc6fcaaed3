"""pipeline-kit: Jenkins and GitLab pipelines for AI models, generated from one descriptor."""

__version__ = "0.1.0"
