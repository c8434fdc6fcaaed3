"""Public fakes: what a team needs to test its own stages without a project, an environment or a network."""
