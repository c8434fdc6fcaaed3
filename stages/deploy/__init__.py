"""The stage `deploy`."""
