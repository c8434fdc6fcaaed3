"""Descriptor and stage specifications to one CI-neutral plan. Pure."""
