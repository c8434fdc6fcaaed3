"""Groovy as far as a Jenkinsfile needs it: tokens, statements and what they hold. The one parser of this server."""
