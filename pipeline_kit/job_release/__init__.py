"""The release that a job asks for: where a context becomes plain values, for the stage `deploy` and the commands."""
