"""The stage that brings an image into a registry."""
