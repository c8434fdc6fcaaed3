"""What can be wrong in a `.gitlab-ci.yml`."""
