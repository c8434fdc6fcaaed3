"""Running jobs: one job as a tuple of phases, a pipeline of them, and what they leave behind."""
