"""Results as people and machines read them: lines of text, and JSON documents. Pure."""
