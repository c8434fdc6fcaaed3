"""Registries over HTTP: the OCI Distribution Specification 1.1, with `requests`."""

from pipeline_kit.adapters.registry.registries import HttpRegistries

__all__ = ["HttpRegistries"]
