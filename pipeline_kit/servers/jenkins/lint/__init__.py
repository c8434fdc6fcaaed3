"""What can be wrong in a `Jenkinsfile`."""
