"""Public fakes for the tests of a team's own stages: no project, environment or network is needed."""
